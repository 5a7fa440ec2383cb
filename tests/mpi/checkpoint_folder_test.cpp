#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include <tarn/distributed/checkpoint_folder.h>
#include <tarn/distributed/distributed_data_parallel.h>
#include <tarn/tarn.h>

#include "../tensor/expect_error.h"
#include "training_problem.h"

namespace tarn::distributed {
namespace {

using namespace testing;
using tarn::testing::fails_with;

// A folder of rank 0 that all ranks know, until the end of the test.
class SharedFolder {
 public:
  SharedFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "tarn-mpi-XXXXXX").string();
    if (rank() == 0 && !mkdtemp(name.data())) throw Error("mkdtemp failed");
    path_ = all_gather(name)[0];
  }
  ~SharedFolder() {
    if (rank() == 0) std::filesystem::remove_all(path_);
  }
  SharedFolder(const SharedFolder&) = delete;
  SharedFolder& operator=(const SharedFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A run of several epochs that stops after some of its steps.
struct Training {
  Classifier model{};
  DistributedDataParallel parallel{model};
  optim::SGD sgd{model.parameters(), {.lr = 0.1, .momentum = 0.9}};
  data::TensorDataset set;
  data::DataLoader loader;
  std::int64_t step = 0;

  explicit Training(const data::Batch& all)
      : set(all.data, all.target),
        loader(set, {.batch_size = 4,
                     .sampler = std::make_shared<data::DistributedSampler>(rank(), size())}) {}

  io::Parts parts() { return {{"model", model}, {"optimizer", sgd}, {"loader", loader}}; }

  void train(std::uint64_t epochs, std::int64_t stop_after, CheckpointFolder& folder) {
    while (loader.epoch() < epochs) {
      const auto update = [&] {
        sgd.step();
        ++step;
      };
      for (auto& [x, y] : loader) {
        sgd.zero_grad();
        cross_entropy(parallel(x), y).backward();
        update();
        folder.save(parts(), {.step = step, .metadata = {{"of", str("rank ", rank())}}});
        if (step == stop_after) return;
      }
      // A rank without a batch in the last step still saves with the others.
      parallel.join([&] {
        update();
        folder.save(parts(), {.step = step});
      });
    }
  }
};

TEST(CheckpointFolder, ARunOfRanksResumesBitForBit) {
  const data::Batch all = batch_of(4 * size() + 3, 1);  // the last step has a batch on rank 0 alone
  std::string expected;
  {
    const SharedFolder shared;
    CheckpointFolder folder(shared.path());
    manual_seed(7);
    Training run(all);
    run.train(3, 0, folder);
    EXPECT_EQ(run.step, 6);
    expected = bytes_of(run.model);
  }
  for (const std::int64_t stop_after : {1, 3, 5}) {
    const SharedFolder shared;
    {
      CheckpointFolder folder(shared.path());
      EXPECT_TRUE(folder.empty());
      manual_seed(7);
      Training run(all);
      run.train(3, stop_after, folder);
    }
    CheckpointFolder folder(shared.path());
    EXPECT_FALSE(folder.empty());
    manual_seed(7);
    Training run(all);
    const auto info = folder.load_latest(run.parts());
    ASSERT_TRUE(info);
    EXPECT_EQ(info->step, stop_after);
    EXPECT_EQ(info->metadata.at("of"), "rank 0");
    EXPECT_EQ(rank_that_differs(bytes_of(run.model)), "");
    run.step = info->step;
    run.train(3, 0, folder);
    EXPECT_TRUE(bytes_of(run.model) == expected) << "stopped after " << stop_after;
  }
}

TEST(CheckpointFolder, TellsAllRanksWhatFailedOnRank0) {
  const SharedFolder shared;
  if (rank() == 0) std::ofstream(shared.path() + "/file") << "not a folder";
  const std::string path = shared.path() + "/file/run";
  if (rank() == 0) {
    EXPECT_TRUE(fails_with<IoError>([&] { CheckpointFolder folder(path); }, "checkpoint"));
  } else {
    EXPECT_TRUE(
        fails_with<DistributedError>([&] { CheckpointFolder folder(path); }, "rank 0: checkpoint"));
  }
  barrier();
}

TEST(CheckpointFolder, HasNothingToLoadAtFirst) {
  const SharedFolder shared;
  CheckpointFolder folder(shared.path());
  Classifier model;
  EXPECT_FALSE(folder.load_latest({{"model", model}}));
}

}  // namespace
}  // namespace tarn::distributed
