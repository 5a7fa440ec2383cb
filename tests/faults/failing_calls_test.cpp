#include "failing_calls.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include <tarn/tarn.h>

#include "../data/temp_folder.h"
#include "../io/training_run.h"

namespace tarn {
namespace {

using testing::TrainingRun;

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

// Runs `action` again and again; its first, second, third... call fails, until it needs no more.
// After each time, `check(threw)` sees what is left. Returns the names of the calls that failed.
template <class Action, class Check>
std::multiset<std::string> with_each_call_failing(Action&& action, Check&& check) {
  std::multiset<std::string> failed;
  for (const int error : {ENOSPC, EIO}) {
    for (const bool from_then_on : {false, true}) {
      for (const bool partial : {false, true}) {
        for (int n = 1;; ++n) {
          SCOPED_TRACE(str("call ", n, ", errno ", error, ", from then on ", from_then_on));
          bool threw = false;
          const char* name = nullptr;
          {
            const FailingCalls faults(n, error, from_then_on, partial);
            try {
              action();
            } catch (const IoError& found) {
              threw = true;
              EXPECT_EQ(found.error_number, error);
            }
            name = faults.failed();
          }
          if (!name) {
            EXPECT_FALSE(threw);
            break;
          }
          failed.insert(name);
          check(threw);
          if (::testing::Test::HasFailure()) return failed;
        }
      }
    }
  }
  std::cout << "  faults injected: " << failed.size() << '\n';
  return failed;
}

class EachCallThatFails : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log_handler([](LogLevel, const std::string&) {});
  }
  TempFolder folder_;
};

TEST_F(EachCallThatFails, LeavesTheOldOrTheNewCheckpointWhole) {
  TrainingRun run({});
  const std::string path = folder_ / "checkpoint";
  std::int64_t step = 0;
  io::save_checkpoint(path, run.parts(), {.step = step});
  const auto failed = with_each_call_failing(
      [&] { io::save_checkpoint(path, run.parts(), {.step = step + 1}); },
      [&](bool threw) {
        const std::int64_t found = io::load_checkpoint(path, run.parts()).step;
        // A save that said nothing has saved.
        EXPECT_TRUE(found == step + 1 || (threw && found == step)) << found;
        EXPECT_EQ(files_in(folder_.path()), 1U) << "a temporary file was left";
        step = found;
      });
  for (const char* call : {"open", "write", "fsync", "close", "rename"})
    EXPECT_GE(failed.count(call), 4U) << call;
}

TEST_F(EachCallThatFails, LosesNoCheckpointOfAFolder) {
  TrainingRun run({});
  io::CheckpointFolder checkpoints(folder_ / "run", {.keep_last = 1});
  std::int64_t step = 1;
  checkpoints.save(run.parts(), {.step = step});
  const auto failed = with_each_call_failing(
      [&] { checkpoints.save(run.parts(), {.step = ++step}); },
      [&](bool threw) {
        const std::int64_t found = checkpoints.load_latest(run.parts())->step;
        EXPECT_TRUE(found == step || (threw && found < step)) << found << " of " << step;
      });
  EXPECT_GE(failed.size(), 40U);
}

TEST_F(EachCallThatFails, LeavesTheOldOrTheNewArrayWhole) {
  const std::string path = folder_ / "x.npy";
  const std::string tensors = folder_ / "x.safetensors";
  const auto write = [&](const Tensor& x) {
    StateDict state;
    state.set("x", x);
    io::write_npy(path, x);
    io::write_safetensors(tensors, state);
  };
  const Tensor old = rand({50, 50});
  const Tensor next = rand({50, 50});
  write(old);
  with_each_call_failing([&] { write(next); },
                         [&](bool) {
                           const auto a = io::read_npy(path).to_vector();
                           EXPECT_TRUE(a == old.to_vector() || a == next.to_vector());
                           const auto b = io::read_safetensors(tensors).tensors.at("x").to_vector();
                           EXPECT_TRUE(b == old.to_vector() || b == next.to_vector());
                           EXPECT_EQ(files_in(folder_.path()), 2U);
                         });
}

TEST_F(EachCallThatFails, LeavesWholeLinesInALog) {
  const std::string path = folder_ / "log.csv";
  io::CsvLogger log(path);
  std::string lines = "step,loss\n";
  std::int64_t step = 0;
  log.log({{"step", step}, {"loss", 0.5}});
  lines += "0,0.5\n";
  const auto failed = with_each_call_failing(
      [&] {
        log.log({{"step", ++step}, {"loss", 0.25}});
        lines += str(step, ",0.25\n");
      },
      [&](bool threw) {
        EXPECT_TRUE(threw);
        // The next line comes where the last whole one ended.
        log.log({{"step", ++step}, {"loss", 0.125}});
        lines += str(step, ",0.125\n");
        EXPECT_EQ(contents(path), lines);
        io::CsvLogger again(path);
      });
  EXPECT_GE(failed.count("pwrite"), 8U);
}

TEST_F(EachCallThatFails, IsRepeatedWhenASignalCameInBetween) {
  StateDict state;
  state.set("x", rand({1000}));
  io::CsvLogger log(folder_ / "log.csv");
  for (int n = 1; n < 12; ++n) {
    const FailingCalls faults(n, EINTR, false);
    try {
      io::write_safetensors(folder_ / "x", state);
      log.log({{"n", n}});
    } catch (const IoError&) {
      // Only writing is repeated: what became of the others is not known.
      EXPECT_STRNE(faults.failed(), "write");
      EXPECT_STRNE(faults.failed(), "pwrite");
    }
  }
}

}  // namespace
}  // namespace tarn
