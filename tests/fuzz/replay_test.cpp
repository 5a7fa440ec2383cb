#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "targets.h"

namespace {

namespace fs = std::filesystem;

const fs::path kTests = TARN_SOURCE_DIR "/tests";

std::vector<std::uint8_t> contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Fuzz : public testing::TestWithParam<FuzzTarget> {};

// A promise that is broken ends the program, and the message says which.
TEST_P(Fuzz, FindsNothingInTheSeedsAndInWhatItFoundBefore) {
  std::vector<std::string> folders = GetParam().seeds;
  const std::string found = std::string("fuzz/regressions/") + GetParam().name;
  if (fs::exists(kTests / found)) folders.push_back(found);
  int count = 0;
  for (const std::string& folder : folders) {
    for (const auto& file : fs::directory_iterator(kTests / folder)) {
      SCOPED_TRACE(file.path());
      const std::vector<std::uint8_t> bytes = contents(file.path());
      GetParam().read(bytes);
      GetParam().read({bytes.data(), bytes.size() / 2});
      ++count;
    }
  }
  EXPECT_GT(count, 0) << "no seeds";
}

INSTANTIATE_TEST_SUITE_P(EachParser, Fuzz, testing::ValuesIn(fuzz_targets()),
                         [](const auto& target) { return target.param.name; });

}  // namespace
