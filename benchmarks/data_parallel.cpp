// Milliseconds of a data-parallel training step on made-up data: one line of JSON.
//
//   mpirun -n 2 data_parallel --width 1024 --layers 4 --batch 64
//
// "step" is a whole one, with overlap unless --no-overlap is given; "compute" one that leaves the
// other ranks out; "reduce" an all-reduce of as many bytes, alone.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include <CLI/CLI.hpp>

#include <tarn/tarn.h>

namespace {

using namespace tarn;

// The median of the milliseconds that f() takes.
template <class F>
double median(int repeats, F f) {
  std::vector<double> times;
  for (int i = 0; i <= repeats; ++i) {
    distributed::barrier();
    const auto begin = std::chrono::steady_clock::now();
    f();
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
    if (i > 0) times.push_back(time.count());  // the first one makes what the others reuse
  }
  std::ranges::nth_element(times, times.begin() + repeats / 2);
  return times[static_cast<std::size_t>(repeats / 2)];
}

}  // namespace

int main(int argc, char** argv) {
  std::int64_t width = 1024;
  int layers = 4;
  std::int64_t batch = 64;
  int repeats = 21;
  double bucket_cap_mb = 25;
  bool no_overlap = false;
  bool any_order = false;
  distributed::init();
  CLI::App app("Milliseconds of a data-parallel training step");
  app.add_option("--width", width, "of the layers")->capture_default_str();
  app.add_option("--layers", layers, "linear layers")->capture_default_str();
  app.add_option("--batch", batch, "examples of each rank")->capture_default_str();
  app.add_option("--repeats", repeats, "steps of which the median counts")->capture_default_str();
  app.add_option("--bucket-cap-mb", bucket_cap_mb, "MiB added up at once")->capture_default_str();
  app.add_flag("--no-overlap", no_overlap, "add up when backward() has ended");
  app.add_flag("--any-order", any_order, "MPI_Iallreduce instead of the order of the ranks");
  CLI11_PARSE(app, argc, argv);

  manual_seed(0);
  nn::Sequential model;
  for (int i = 0; i < layers; ++i) {
    model.push_back(nn::Linear(width, width));
    model.push_back(nn::Tanh());
  }
  distributed::DistributedDataParallel parallel(
      model, {.bucket_cap_mb = bucket_cap_mb, .overlap = !no_overlap, .fixed_order = !any_order});
  optim::SGD sgd(model.parameters(), {.lr = 1e-3});
  const Tensor x = randn({batch, width});
  const Tensor y = randn({batch, width});
  const auto train = [&] {
    sgd.zero_grad();
    mse_loss(parallel(x), y).backward();
    sgd.step();
  };

  const double step = median(repeats, train);
  const double compute = median(repeats, [&] {
    const auto local = parallel.no_sync();
    train();
  });
  const Tensor flat = zeros({model.num_parameters()});
  const double reduce = median(repeats, [&] { distributed::all_reduce(flat); });
  if (distributed::rank() == 0) {
    std::printf(
        "{\"ranks\": %d, \"threads\": %d, \"batch\": %lld, \"parameters\": %lld, "
        "\"overlap\": %s, \"step\": %.3f, \"compute\": %.3f, \"reduce\": %.3f}\n",
        distributed::size(), get_num_threads(), static_cast<long long>(batch),
        static_cast<long long>(model.num_parameters()), no_overlap ? "false" : "true", step,
        compute, reduce);
  }
  return 0;
}
