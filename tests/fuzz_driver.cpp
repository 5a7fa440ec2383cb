// What libFuzzer calls: the target named by the environment variable TARN_FUZZ.

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FuzzTarget& target = []() -> const FuzzTarget& {
    const char* const name = std::getenv("TARN_FUZZ");
    for (const FuzzTarget& candidate : fuzz_targets()) {
      if (name && std::string_view(name) == candidate.name) return candidate;
    }
    std::cerr << "TARN_FUZZ: expected one of";
    for (const FuzzTarget& candidate : fuzz_targets()) std::cerr << ' ' << candidate.name;
    std::cerr << std::endl;
    std::_Exit(2);
  }();
  target.read({data, size});
  return 0;
}
