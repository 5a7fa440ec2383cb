// A rank that fails while all work together:  mpirun -n 3 failing_rank WAY RANK
// The ways are those in fail(). Without a failure all ranks print "done".

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

#include <unistd.h>

#include <tarn/tarn.h>

using namespace tarn;

namespace {

/// Does not return, except in the ways that keep a rank from coming where the others are.
void fail(const std::string& way) {
  if (way == "throws") throw ValueError("this rank fails on purpose");
  if (way == "exits") std::exit(3);
  if (way == "ends") std::exit(0);
  if (way == "vanishes") _exit(0);
  if (way == "is_killed") std::raise(SIGKILL);
  if (way == "crashes") std::raise(SIGSEGV);
  if (way == "stops") std::raise(SIGSTOP);
  if (way == "goes_another_way") distributed::barrier();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  distributed::init({.timeout = 2});
  nn::Linear model(30, 20);
  distributed::DistributedDataParallel parallel(model);
  for (int step = 0; step < 20; ++step) {
    if (step == 5 && distributed::rank() == std::atoi(argv[2])) fail(argv[1]);
    parallel(ones({4, 30})).sum().backward();
  }
  std::cout << "done" << std::endl;
  return 0;
}
