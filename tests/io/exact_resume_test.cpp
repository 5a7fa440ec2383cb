#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include <tarn/tarn.h>

#include "../data/temp_folder.h"
#include "training_run.h"

namespace tarn::io {
namespace {

using testing::TrainingRun;

struct Result {
  std::vector<double> losses;
  std::string file;  // the bytes of a checkpoint of the end
};

// Batch norm, dropout, Adam, a schedule, accumulation and augmentation: see TrainingRun.
class ExactResume : public ::testing::Test {
 protected:
  void SetUp() override {
    previous_ = set_log_handler([](LogLevel, const std::string&) {});
  }
  void TearDown() override { set_log_handler(previous_); }

  std::string bytes(TrainingRun& run) {
    save_checkpoint(temp_ / "end", run.parts());
    std::ifstream file(temp_ / "end", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Trains to the end, keeping what is needed to go on from every batch.
  Result uninterrupted(int workers) {
    TrainingRun run({.num_workers = workers});
    save_checkpoint(at(0), run.parts(), {.step = 0});
    Result result;
    run.train([&](std::int64_t batch, double loss) {
      result.losses.push_back(loss);
      save_checkpoint(at(batch), run.parts(), {.step = batch});
      return true;
    });
    result.file = bytes(run);
    return result;
  }
  Result resumed(std::int64_t batch, int workers) {
    TrainingRun run({.num_workers = workers});
    manual_seed(12345);  // whatever the new process has done before
    run.batches = load_checkpoint(at(batch), run.parts()).step;
    Result result;
    run.train([&](std::int64_t, double loss) {
      result.losses.push_back(loss);
      return true;
    });
    result.file = bytes(run);
    return result;
  }
  std::string at(std::int64_t batch) const { return temp_ / str("batch-", batch); }

  TempFolder temp_;
  LogHandler previous_;
};

TEST_F(ExactResume, HoldsFromTheStartAndAfterEveryBatchWithAnyNumberOfWorkers) {
  const Result whole = uninterrupted(0);
  ASSERT_EQ(whole.losses.size(), 18U);
  EXPECT_EQ(uninterrupted(2).file, whole.file);
  for (std::int64_t batch = 0; batch <= 18; ++batch) {
    for (const int workers : {0, 2}) {
      const Result rest = resumed(batch, workers);
      EXPECT_EQ(rest.losses, std::vector<double>(whole.losses.begin() + batch, whole.losses.end()))
          << batch;
      EXPECT_TRUE(rest.file == whole.file) << "batch " << batch << ", workers " << workers;
    }
  }
}

TEST_F(ExactResume, HoldsAfterStoppingAfterEveryBatch) {
  const Result whole = uninterrupted(0);
  save_checkpoint(temp_ / "now", TrainingRun({}).parts());
  std::vector<double> losses;
  std::string file;
  for (bool ended = false; !ended;) {
    TrainingRun run({.num_workers = static_cast<int>(losses.size() % 3)});
    run.batches = load_checkpoint(temp_ / "now", run.parts()).step;
    ended = true;
    run.train([&](std::int64_t batch, double loss) {
      losses.push_back(loss);
      save_checkpoint(temp_ / "now", run.parts(), {.step = batch});
      ended = false;
      return false;
    });
    file = bytes(run);
  }
  EXPECT_EQ(losses, whole.losses);
  EXPECT_TRUE(file == whole.file);
}

}  // namespace
}  // namespace tarn::io
