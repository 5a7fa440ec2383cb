#include <gtest/gtest.h>

#include <tarn/optim/state.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/pool.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "leaves.h"

namespace tarn::optim {
namespace {

using testing::fails_with;
using testing::leaf;
using testing::random_leaf;
using testing::same_bits;

TEST(State, MakesZerosOnFirstUseAndKeepsWhatIsWrittenToThem) {
  const Tensor p = leaf({1, 2, 3});
  State state(p);
  EXPECT_FALSE(state.contains("velocity"));
  Tensor& v = state.zeros_like("velocity", p);
  EXPECT_TRUE(same_bits(v, zeros({3}, {.dtype = kFloat64})));
  EXPECT_FALSE(v.requires_grad());
  v.fill_(7);
  EXPECT_TRUE(state.contains("velocity"));
  EXPECT_TRUE(state.zeros_like("velocity", p).is_same(v));
  EXPECT_EQ(state.tensor("velocity").to_vector(), (std::vector<double>{7, 7, 7}));
}

TEST(State, KeepsTheMemoryLayoutOfADenseParameter) {
  const Tensor p = random_leaf({4, 3}, 1).detach().t().requires_grad_();
  State state(p);
  EXPECT_EQ(state.zeros_like("velocity", p).strides(), Shape({1, 3}));
}

TEST(State, KeepsReferencesValidWhileNamesAreAdded) {
  const Tensor p = leaf({1});
  State state(p);
  Tensor& first = state.zeros_like("first", p);
  double& step = state.number("step");
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"}) state.zeros_like(name, p);
  step += 2;
  first.fill_(5);
  EXPECT_EQ(state.number("step"), 2);
  EXPECT_EQ(state.tensor("first").item(), 5);
}

TEST(State, AllocatesNothingOnceTheNamesExist) {
  const Tensor p = random_leaf({1000}, 1);
  State state(p);
  state.zeros_like("velocity", p);
  state.number("step") = 1;
  const auto before = memory_stats().system_allocations;
  for (int i = 0; i < 100; ++i) {
    state.zeros_like("velocity", p);
    state.number("step") += 1;
  }
  EXPECT_EQ(memory_stats().system_allocations, before);
  EXPECT_EQ(state.number("step"), 101);
}

TEST(State, RefusesAParameterOfAnotherShape) {
  const Tensor p = leaf({1, 2, 3});
  State state(p);
  state.zeros_like("velocity", p);
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        state.zeros_like("velocity", leaf({1, 2}));
      },
      "optimizer state \"velocity\"", {"[3]", "[2]"}));
}

TEST(State, FollowsTheParameterToAnotherType) {
  const Tensor p = leaf({1, 2, 3});
  State state(p);
  state.zeros_like("velocity", p).fill_(0.5);
  const Tensor& v = state.zeros_like("velocity", zeros({3}));
  EXPECT_TRUE(same_bits(v, full({3}, 0.5)));
}

TEST(State, RefusesToReadATensorAsANumber) {
  const Tensor p = leaf({1, 2, 3});
  State state(p);
  state.zeros_like("velocity", p);
  EXPECT_TRUE(fails_with<ShapeError>([&] { state.number("velocity"); },
                                     "optimizer state \"velocity\"", {"[3]"}));
}

TEST(State, NamesWhatItHasWhenAskedForSomethingElse) {
  const Tensor p = leaf({1});
  State state(p);
  EXPECT_TRUE(fails_with<IndexError>([&] { state.tensor("velocity"); },
                                     "optimizer state: there is no \"velocity\"", {"none yet"}));
  state.zeros_like("exp_avg", p);
  state.number("step");
  EXPECT_TRUE(fails_with<IndexError>([&] { state.tensor("velocity"); },
                                     "optimizer state: there is no \"velocity\"",
                                     {"expected one of exp_avg, step"}));
}

TEST(State, RestoresCopiesInTheParametersLayout) {
  const Tensor p = random_leaf({4, 3}, 1).detach().t().requires_grad_();
  State state(p);
  const Tensor saved = random_leaf({3, 4}, 2).detach();
  state.restore("velocity", saved);
  state.restore("step", scalar_tensor(12.0, {.dtype = kFloat64}));
  EXPECT_TRUE(same_bits(state.tensor("velocity"), saved));
  EXPECT_EQ(state.tensor("velocity").strides(), p.strides());
  EXPECT_EQ(state.number("step"), 12);
  saved.fill_(0);
  EXPECT_NE(state.tensor("velocity").sum().item(), 0);
}

TEST(State, RestoresOnlyWhatBelongsToTheParameter) {
  const Tensor p = leaf({1, 2, 3});
  State state(p);
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        state.restore("v", leaf({1, 2}));
      },
      "optimizer state \"v\""));
  EXPECT_TRUE(
      fails_with<DTypeError>([&] { state.restore("v", zeros({3})); }, "optimizer state \"v\""));
  EXPECT_FALSE(state.contains("v"));
}

}  // namespace
}  // namespace tarn::optim
