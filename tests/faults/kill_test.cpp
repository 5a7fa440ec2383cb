#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include <gtest/gtest.h>

#include <tarn/tarn.h>

#include "../data/temp_folder.h"
#include "../examples/program.h"

namespace tarn {
namespace {

constexpr std::int64_t kEvery = 4;

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string weights(const std::string& out) {
  const std::size_t place = out.rfind("weights");
  return place == std::string::npos ? "none" : out.substr(place, 25);
}

// Takes any state: for reading a checkpoint to see whether it is whole.
struct Anything {
  StateDict state_dict() const { return {}; }
  void load_state_dict(const StateDict&) {}
};

// The highest step of a folder in which every checkpoint can be read.
std::int64_t last_step(const std::string& folder) {
  Anything any;
  std::int64_t last = -1;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string file = entry.path().string();
    if (!file.ends_with(".safetensors")) continue;
    last = std::max(last, io::load_checkpoint(file, {{"model", any},
                                                     {"optimizer", any},
                                                     {"schedule", any},
                                                     {"loader", any},
                                                     {"log", any},
                                                     {"metrics", any}})
                              .step);
  }
  return last;
}

// Updates of the whole run that the program has reported: epochs have 63.
std::int64_t reported(const std::string& out) {
  const std::size_t line = out.rfind("  update ");
  if (line == std::string::npos) return 0;
  const std::size_t epoch = out.rfind("epoch ", line);
  return 63 * (std::atoi(out.c_str() + epoch + 6) - 1) + std::atoi(out.c_str() + line + 9);
}

int number_of_kills() {
  const char* text = std::getenv("TARN_KILLS");
  return text ? std::atoi(text) : 12;
}

// TARN_KILLS=500 build/release/tests/test_faults --gtest_filter='Kill.*'
TEST(Kill, AtAnyMomentCostsNoCheckpointAndNoBit) {
  const TempFolder temp;
  const std::vector<std::string> flags = {"--data",        TARN_SOURCE_DIR "/data/mnist-sample",
                                          "--mistakes",    "",
                                          "--epochs",      "3",
                                          "--widths",      "16",
                                          "--momentum",    "0.9",
                                          "--lr",          "0.02",
                                          "--augment",     "flip",
                                          "--num-workers", "1",
                                          "--threads",     "1",
                                          "--log-every",   "1",
                                          "--resume",      "--checkpoint-every",
                                          str(kEvery)};
  const auto run = [&](const std::string& folder, std::chrono::microseconds kill_after) {
    std::vector<std::string> all = flags;
    all.insert(all.end(), {"--checkpoint", folder});
    return run_example("mnist_mlp", all, temp.path(), {.kill_after = kill_after});
  };
  const auto begin = std::chrono::steady_clock::now();
  const Outcome whole = run(temp / "whole", {});
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin);

  const int kills = number_of_kills();
  int killed = 0;
  int ends = 0;
  Generator moments(1);
  while (killed < kills || ends == 0) {
    const std::string folder = temp / str("run-", ends);
    const bool kill = killed < kills;
    const double part = rand({}, moments).item();
    const auto after = std::chrono::microseconds(
        kill ? 1 + static_cast<std::int64_t>(part * 0.6 * static_cast<double>(time.count())) : 0);
    const Outcome outcome = run(folder, after);
    if (outcome.exit_code == 128 + SIGKILL) {
      ++killed;
      // An update is reported before it is saved.
      const std::int64_t updates = reported(outcome.out);
      if (updates > 0) {
        EXPECT_GE(last_step(folder), (updates - 1) / kEvery * kEvery);
      } else if (std::filesystem::exists(folder)) {
        last_step(folder);
      }
      continue;
    }
    ++ends;
    ASSERT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
    EXPECT_EQ(weights(outcome.out), weights(whole.out));
    EXPECT_EQ(contents(folder + "/metrics.csv"), contents(temp / "whole/metrics.csv"));
    EXPECT_EQ(contents(folder + "/step-000000000189.safetensors"),
              contents(temp / "whole/step-000000000189.safetensors"));
    std::filesystem::remove_all(folder);
  }
  std::cout << "  killed " << killed << " times, came to the end " << ends << " times\n";
}

}  // namespace
}  // namespace tarn
