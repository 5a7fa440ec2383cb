#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <tarn/tarn.h>

#include "../data/temp_folder.h"

namespace tarn {
namespace {

// A file system of 256 KiB in memory.
class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    mounted_ = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=256k") == 0;
    if (!mounted_) GTEST_SKIP() << "no right to mount a tmpfs: " << std::strerror(errno);
  }
  void TearDown() override {
    if (!mounted_) return;
    EXPECT_EQ(::umount(folder_.path().c_str()), 0);
  }
  TempFolder folder_;
  bool mounted_ = false;
};

TEST_F(FullDisk, IsAnErrorAndTheLastCheckpointStays) {
  nn::Linear fc(100, 100);  // 40 KB
  const io::Parts parts = {{"model", fc}};
  io::CheckpointFolder checkpoints(folder_ / "run", {.keep_last = 100});
  std::int64_t saved = 0;
  const auto fill = [&] {
    for (;;) checkpoints.save(parts, {.step = ++saved});
  };
  try {
    fill();
  } catch (const IoError& error) {
    EXPECT_EQ(error.error_number, ENOSPC);
    --saved;
  }
  EXPECT_GE(saved, 2);
  EXPECT_EQ(checkpoints.load_latest(parts)->step, saved);
  // Nothing of the file that did not fit is left, and the run goes on once there is room.
  std::filesystem::remove(checkpoints.files().at(1));
  checkpoints.save(parts, {.step = saved + 1});
  EXPECT_EQ(checkpoints.load_latest(parts)->step, saved + 1);
}

TEST_F(FullDisk, LeavesWholeLinesInALog) {
  io::JsonlLogger log(folder_ / "log");
  std::int64_t lines = 0;
  try {
    for (;; ++lines) log.log({{"line", lines}, {"text", std::string(1000, 'x')}});
  } catch (const IoError& error) {
    EXPECT_EQ(error.error_number, ENOSPC);
  }
  EXPECT_GT(lines, 200);
  std::ifstream file(folder_ / "log");
  std::int64_t found = 0;
  for (std::string line; std::getline(file, line); ++found) EXPECT_EQ(line.back(), '}');
  EXPECT_EQ(found, lines);
}

}  // namespace
}  // namespace tarn
