#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <tarn/tarn.h>

#include "../data/temp_folder.h"
#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn::distributed {
namespace {

using testing::fails_with;
using testing::same_bits;

TEST(SingleProcess, IsRank0Of1) {
  init();
  EXPECT_EQ(rank(), 0);
  EXPECT_EQ(size(), 1);
  const Tensor x = tensor({1, 2});
  all_reduce(x);
  broadcast(x);
  barrier();
  EXPECT_TRUE(same_bits(x, tensor({1, 2})));
  EXPECT_EQ(all_gather("a"), std::vector<std::string>{"a"});
  EXPECT_TRUE(fails_with<ValueError>([&] { broadcast(x, 1); }, "broadcast: source = 1"));
}

TEST(SingleProcess, DistributedDataParallelIsTheModel) {
  manual_seed(0);
  nn::Sequential model(nn::Linear(3, 4), nn::Dropout(0.5), nn::Linear(4, 2));
  const Tensor x = ones({6, 3});
  const auto stream = default_generator().stream();
  model(x).sum().backward();
  std::vector<Tensor> expected;
  for (const Tensor& p : model.parameters()) expected.push_back(p.grad().clone());
  model.zero_grad();
  default_generator().set_state(0, stream);
  DistributedDataParallel parallel(model);
  parallel(x).sum().backward();
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_TRUE(same_bits(model.parameters()[i].grad(), expected[i]));
}

TEST(SingleProcess, JoinStepsOnlyWithWhatNoSyncLeftOver) {
  nn::Linear model(3, 2);
  DistributedDataParallel parallel(model);
  int steps = 0;
  const auto step = [&] { ++steps; };
  parallel.join(step);
  parallel(ones({2, 3})).sum().backward();
  parallel.join(step);
  EXPECT_EQ(steps, 0);
  {
    const auto local = parallel.no_sync();
    parallel(ones({2, 3})).sum().backward();
  }
  parallel.join(step);
  parallel.join(step);
  EXPECT_EQ(steps, 1);
  {
    const auto local = parallel.no_sync();
    parallel(ones({2, 3})).sum().backward();
  }
  parallel(ones({2, 3})).sum().backward();
  parallel.join(step);
  EXPECT_EQ(steps, 1);
}

TEST(SingleProcess, AnAccumulatorThatIsReadyForRanksTakesTheStepsOfOneThatIsNot) {
  const auto train = [](bool for_ranks) {
    manual_seed(1);
    nn::Linear model(3, 2);
    DistributedDataParallel parallel(model);
    optim::SGD sgd(model.parameters(), {.lr = 0.1, .momentum = 0.9});
    optim::Accumulator accumulate(sgd, {.batch_size = 4});
    for (const std::int64_t count : {3, 3, 2, 2, 4, 1}) {
      const Tensor x = randn({count, 3});
      if (for_ranks) {
        const auto local = parallel.no_sync(!accumulate.completes(count));
        accumulate.backward(parallel(x).square().mean(), count);
      } else {
        accumulate.backward(model(x).square().mean(), count);
      }
    }
    for (int i = 0; i < 2; ++i) {  // the second time there is nothing
      if (for_ranks) {
        accumulate.flush([&](const auto& step) { parallel.join(step); });
      } else {
        accumulate.flush();
      }
    }
    EXPECT_EQ(sgd.step_count(), 4);
    return model.weight.detach().clone();
  };
  EXPECT_TRUE(same_bits(train(true), train(false)));
}

TEST(SingleProcess, ChecksItsOptions) {
  nn::Linear model(3, 2);
  EXPECT_TRUE(fails_with<ValueError>(
      [&] { const DistributedDataParallel parallel(model, {.bucket_cap_mb = -1}); },
      "DistributedDataParallel: bucket_cap_mb = -1"));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] { const DistributedDataParallel parallel(model, {.reduction = Reduction::none}); },
      "DistributedDataParallel: reduction = none"));
  EXPECT_TRUE(
      fails_with<ValueError>([] { init({.timeout = -1}); }, "distributed::init: timeout = -1"));
}

TEST(SingleProcess, StopsAtOnce) {
  nn::Linear model(3, 2);
  DistributedDataParallel parallel(model);
  EXPECT_FALSE(parallel.should_stop());
  parallel.stop();
  EXPECT_TRUE(parallel.should_stop());
}

TEST(SingleProcess, ACheckpointFolderIsThatOfOneProcess) {
  const TempFolder temp;
  nn::Linear model(3, 2);
  {
    CheckpointFolder folder(temp / "run");
    EXPECT_TRUE(folder.empty());
    EXPECT_FALSE(folder.load_latest({{"model", model}}));
    folder.save({{"model", model}}, {.step = 4});
    EXPECT_FALSE(folder.empty());
  }
  nn::Linear other(3, 2);
  io::CheckpointFolder folder(temp / "run");
  EXPECT_EQ(folder.load_latest({{"model", other}})->step, 4);
  EXPECT_TRUE(same_bits(model.weight, other.weight));
}

// In a process of its own, since it is about the environment at init().
TEST(SingleProcess, WithoutInitUnderALauncherSaysSo) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        setenv("OMPI_COMM_WORLD_SIZE", "4", 1);
        try {
          rank();
        } catch (const Error& error) {
          std::fputs(error.what(), stderr);
          std::exit(7);
        }
        std::exit(0);
      },
      ::testing::ExitedWithCode(7), "4 processes were started together .* call distributed::init");
}

}  // namespace
}  // namespace tarn::distributed
