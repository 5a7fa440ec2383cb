#include <cstdlib>

#include <gtest/gtest.h>

#include <tarn/distributed/process_group.h>
#include <tarn/tarn.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn::distributed {
namespace {

using testing::fails_with;
using testing::same_bits;

// A tensor that differs from rank to rank, over many orders of magnitude.
Tensor of_rank(int r, const Shape& shape, DType dtype) {
  Generator generator(static_cast<std::uint64_t>(100 + r));
  return exp(randn(shape, generator, {.dtype = dtype}) * 5) *
         (randn(shape, generator, {.dtype = dtype}));
}

TEST(ProcessGroup, HasAsManyRanksAsMpirunStarted) {
  ASSERT_GE(size(), 2) << "run this program by mpirun";
  EXPECT_STREQ(str(size()).c_str(), std::getenv("OMPI_COMM_WORLD_SIZE"));
  EXPECT_STREQ(str(rank()).c_str(), std::getenv("OMPI_COMM_WORLD_RANK"));
  EXPECT_NE(describe_rank().find(str("rank ", rank(), " of ", size(), " on ")), std::string::npos);
}

TEST(ProcessGroup, AllReduceAddsInTheOrderOfTheRanks) {
  for (const DType dtype : {kFloat32, kFloat64}) {
    for (const Shape& shape :
         {Shape{}, Shape{1}, Shape{2}, Shape{7, 3}, Shape{100'003}, Shape{0}}) {
      const Tensor sum = of_rank(rank(), shape, dtype);
      all_reduce(sum);
      Tensor expected = of_rank(0, shape, dtype);
      for (int r = 1; r < size(); ++r) expected = expected + of_rank(r, shape, dtype);
      EXPECT_TRUE(same_bits(sum, expected)) << str(dtype, ' ', shape);
    }
  }
  const Tensor counts = tensor({1, rank(), 1}, {.dtype = kInt64});
  all_reduce(counts);
  EXPECT_EQ(counts.to_vector<int>(), (std::vector<int>{size(), size() * (size() - 1) / 2, size()}));
}

TEST(ProcessGroup, AllReduceTakesAnyLayoutAndLeavesOtherElementsAlone) {
  const Tensor whole = of_rank(rank(), {6, 8}, kFloat32);
  const Tensor before = whole.clone();
  all_reduce(whole.narrow(1, 2, 3).t());
  Tensor expected = of_rank(0, {6, 8}, kFloat32);
  for (int r = 1; r < size(); ++r) expected = expected + of_rank(r, {6, 8}, kFloat32);
  EXPECT_TRUE(same_bits(whole.narrow(1, 2, 3), expected.narrow(1, 2, 3)));
  EXPECT_TRUE(same_bits(whole.narrow(1, 0, 2), before.narrow(1, 0, 2)));
  EXPECT_TRUE(same_bits(whole.narrow(1, 5, 3), before.narrow(1, 5, 3)));
}

TEST(ProcessGroup, BroadcastGivesTheElementsOfTheSource) {
  for (int source = 0; source < size(); ++source) {
    const Tensor x = of_rank(rank(), {5, 4}, kFloat32);
    broadcast(x.t(), source);
    EXPECT_TRUE(same_bits(x, of_rank(source, {5, 4}, kFloat32)));
    const Tensor flag = tensor({rank() == source}, {.dtype = kBool});
    broadcast(flag, source);
    EXPECT_TRUE(flag.item<bool>());
  }
}

TEST(ProcessGroup, AllGatherGivesTheTextOfEachRank) {
  const auto text_of = [](int r) { return std::string(static_cast<std::size_t>(r * 1000), 'a'); };
  const auto all = all_gather(text_of(rank()));
  ASSERT_EQ(all.size(), static_cast<std::size_t>(size()));
  for (int r = 0; r < size(); ++r) EXPECT_EQ(all[static_cast<std::size_t>(r)], text_of(r));
}

TEST(ProcessGroup, RefusesWhatItCannotDo) {
  EXPECT_TRUE(fails_with<DTypeError>([] { all_reduce(tensor({1}, {.dtype = kUInt8})); },
                                     "all_reduce: the tensor is uint8"));
  EXPECT_TRUE(fails_with<ValueError>([] { broadcast(ones({2}), size()); },
                                     str("broadcast: source = ", size())));
  EXPECT_TRUE(fails_with<ValueError>([] { broadcast(ones({2}), -1); }, "broadcast: source = -1"));
  EXPECT_TRUE(
      fails_with<ValueError>([] { init({.timeout = 0}); }, "distributed::init: timeout = 0"));
  barrier();
}

}  // namespace
}  // namespace tarn::distributed
