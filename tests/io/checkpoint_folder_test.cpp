#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tarn/tarn.h>

#include "../data/temp_folder.h"
#include "../data/thrown_text.h"

namespace tarn::io {
namespace {

std::vector<std::string> warnings;

class CheckpointsInAFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    warnings.clear();
    reset_warnings();
    previous_ =
        set_log_handler([](LogLevel, const std::string& text) { warnings.push_back(text); });
  }
  void TearDown() override { set_log_handler(previous_); }

  std::vector<std::int64_t> steps(const CheckpointFolder& folder) const {
    std::vector<std::int64_t> result;
    for (const auto& [step, file] : folder.files()) result.push_back(step);
    // What the object says is what lies there.
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      found += entry.path().extension() == ".safetensors" ? 1 : 0;
    EXPECT_EQ(found, result.size());
    return result;
  }
  // A checkpoint in whose model there is its step.
  void save(CheckpointFolder& folder, std::int64_t step, std::optional<double> metric = {}) {
    NoGradGuard no_grad;
    fc_.weight.fill_(step);
    folder.save(parts_, {.step = step, .metric = metric});
  }
  void damage(const std::string& file) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(-1, std::ios::end);
    stream.put('\x7f');
  }

  TempFolder temp_;
  std::string path_ = temp_ / "runs/a";
  nn::Linear fc_{1, 1};
  Parts parts_ = {{"model", fc_}};
  LogHandler previous_;
};

TEST_F(CheckpointsInAFolder, BeginEmptyAndLoadTheNewest) {
  CheckpointFolder folder(path_);
  EXPECT_FALSE(folder.load_latest(parts_));
  for (const std::int64_t step : {9, 10, 11}) save(folder, step);
  fc_.weight.detach().fill_(0);
  EXPECT_EQ(folder.load_latest(parts_)->step, 11);
  EXPECT_EQ(fc_.weight.item(), 11);
  EXPECT_FALSE(folder.best());
  EXPECT_TRUE(std::filesystem::exists(path_ + "/step-000000000011.safetensors"));
}

TEST_F(CheckpointsInAFolder, KeepTheLastOnesAndTheBest) {
  {
    CheckpointFolder folder(path_, {.keep_last = 2});
    save(folder, 1, 0.5);
    save(folder, 2, 0.1);
    save(folder, 3, 0.3);
    save(folder, 4, std::nan(""));
    save(folder, 5);
    EXPECT_EQ(steps(folder), (std::vector<std::int64_t>{2, 4, 5}));
    EXPECT_EQ(folder.best(), path_ + "/step-000000000002.safetensors");
  }
  // A later process knows the best one too.
  CheckpointFolder folder(path_, {.keep_last = 1});
  save(folder, 6, 0.2);
  EXPECT_EQ(steps(folder), (std::vector<std::int64_t>{2, 6}));
  save(folder, 7, 0.05);
  EXPECT_EQ(steps(folder), (std::vector<std::int64_t>{7}));
}

TEST_F(CheckpointsInAFolder, MayCallTheHighestMetricTheBest) {
  CheckpointFolder folder(path_, {.keep_last = 1, .higher_is_better = true});
  save(folder, 1, 0.9);
  save(folder, 2, 0.8);
  EXPECT_EQ(steps(folder), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(folder.best(), path_ + "/step-000000000001.safetensors");
}

TEST_F(CheckpointsInAFolder, SkipADamagedOneWithAWarningAndDoNotDeleteIt) {
  CheckpointFolder folder(path_, {.keep_last = 2});
  for (const std::int64_t step : {1, 2, 3}) save(folder, step);
  damage(folder.files().at(3));
  EXPECT_EQ(folder.load_latest(parts_)->step, 2);
  EXPECT_EQ(fc_.weight.item(), 2);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(contains(warnings[0], "step-000000000003.safetensors: the checksum of"));
  EXPECT_EQ(steps(folder), (std::vector<std::int64_t>{2, 3}));
  // Going on from there never leaves the damaged one as the only one.
  CheckpointFolder* const again = &folder;
  save(*again, 2);
  EXPECT_EQ(steps(folder), (std::vector<std::int64_t>{2, 3}));
  save(*again, 3);
  EXPECT_EQ(folder.load_latest(parts_)->step, 3);
}

TEST_F(CheckpointsInAFolder, AreNoFreshStartWhenAllAreDamaged) {
  CheckpointFolder folder(path_);
  save(folder, 1);
  save(folder, 2);
  damage(folder.files().at(1));
  damage(folder.files().at(2));
  EXPECT_TRUE(contains(thrown_text<FormatError>([&] { folder.load_latest(parts_); }),
                       "step-000000000001.safetensors"));
}

TEST_F(CheckpointsInAFolder, ThatDoNotFitAreAnErrorAndNotSkipped) {
  CheckpointFolder folder(path_);
  save(folder, 1);
  nn::Linear other(2, 1);
  EXPECT_TRUE(contains(thrown_text<ValueError>([&] {
                         folder.load_latest({{"model", other}});
                       }),
                       "weight: file [1, 1], model [1, 2]"));
}

TEST_F(CheckpointsInAFolder, OfAStepThatIsSavedAgainAreReplaced) {
  CheckpointFolder folder(path_);
  save(folder, 1, 0.1);
  save(folder, 1, 0.7);
  EXPECT_EQ(steps(folder), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(read_checkpoint_info(*folder.best()).metric, 0.7);
}

TEST_F(CheckpointsInAFolder, AreNotDeletedWhenASaveFails) {
  struct Failing {
    StateDict state_dict() const { throw std::runtime_error("no state"); }
    void load_state_dict(const StateDict&) {}
  } failing;
  CheckpointFolder folder(path_, {.keep_last = 1});
  save(folder, 1);
  EXPECT_THROW(folder.save({{"model", failing}}, {.step = 2}), std::runtime_error);
  EXPECT_EQ(steps(folder), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(folder.load_latest(parts_)->step, 1);
}

TEST_F(CheckpointsInAFolder, LeaveOtherFilesAloneAndSweepUpWhatAKilledRunLeft) {
  std::filesystem::create_directories(path_);
  for (const char* name : {"notes.txt", "step-1.safetensors.bak", "step-x.safetensors",
                           "step-.safetensors", "step--1.safetensors"})
    std::ofstream(path_ + "/" + name) << "x";
  std::ofstream(path_ + "/step-000000000001.safetensors.writing.4711.0") << "half";
  CheckpointFolder folder(path_);
  EXPECT_TRUE(folder.files().empty());
  EXPECT_FALSE(std::filesystem::exists(path_ + "/step-000000000001.safetensors.writing.4711.0"));
  EXPECT_TRUE(std::filesystem::exists(path_ + "/notes.txt"));
  EXPECT_TRUE(std::filesystem::exists(path_ + "/step-1.safetensors.bak"));
}

TEST_F(CheckpointsInAFolder, BelongToOneRunAtATime) {
  auto folder = std::make_unique<CheckpointFolder>(path_);
  EXPECT_TRUE(contains(thrown_text<IoError>([&] { CheckpointFolder second(path_); }),
                       str("runs/a: is in use by process ", ::getpid())));
  folder.reset();
  CheckpointFolder second(path_);
}

TEST_F(CheckpointsInAFolder, AreRefusedBeforeTrainingWhereTheyCannotBeWritten) {
  std::ofstream(temp_ / "file") << "x";
  EXPECT_TRUE(
      contains(thrown_text<IoError>([&] { CheckpointFolder f(temp_ / "file"); }), "file: "));
  EXPECT_TRUE(contains(thrown_text<IoError>([&] { CheckpointFolder f(temp_ / "file/x"); }),
                       "the folder cannot be made: Not a directory"));
  EXPECT_TRUE(
      contains(thrown_text<ValueError>([&] { CheckpointFolder f(path_, {.keep_last = 0}); }),
               "keep_last = 0: expected >= 1"));
  EXPECT_TRUE(
      contains(thrown_text<IoError>([&] { CheckpointFolder f("/proc/runs"); }), "/proc/runs: "));
}

}  // namespace
}  // namespace tarn::io
