// What libFuzzer calls: the target named by the environment variable TARN_FUZZ. Without it, lists
// the targets, each with the folders of its seeds.

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "fuzz/targets.h"

namespace {

const FuzzTarget* target = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  const char* const name = std::getenv("TARN_FUZZ");
  for (const FuzzTarget& candidate : fuzz_targets()) {
    if (!name) {
      std::cout << candidate.name;
      for (const std::string& folder : candidate.seeds) std::cout << ' ' << folder;
      std::cout << '\n';
    } else if (std::string_view(name) == candidate.name) {
      target = &candidate;
    }
  }
  if (target) return 0;
  if (name) std::cerr << "TARN_FUZZ=" << name << ": there is no such target\n";
  std::exit(name ? 2 : 0);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  target->read({data, size});
  return 0;
}
