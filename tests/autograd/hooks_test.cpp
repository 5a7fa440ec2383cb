#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "operands.h"

namespace tarn::testing {
namespace {

TEST(Hook, SeesTheWholeGradientOfAnIntermediateOnce) {
  const Tensor x = variable({1, 2});
  const Tensor h = x * 3;
  int calls = 0;
  Tensor seen;
  h.register_hook([&](const Tensor& g) {
    ++calls;
    seen = g;
  });
  (sum(h * 2) + sum(square(h))).backward();  // 2 + 2h
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(same_bits(seen, constant({8, 14})));
  EXPECT_TRUE(same_bits(x.grad(), constant({24, 42})));
}

TEST(Hook, SeesOnlyTheNewGradientOfALeaf) {
  const Tensor x = variable(5);
  std::vector<double> seen;
  x.register_hook([&](const Tensor& g) { seen.push_back(g.item()); });
  sum(x * 2 + x * 3).backward();
  sum(x * 7).backward();
  EXPECT_EQ(seen, (std::vector<double>{5, 7}));
  EXPECT_EQ(x.grad().item(), 12);
}

TEST(Hook, ReplacesTheGradientOfALeafAndOfAnIntermediate) {
  const Tensor x = variable(3);
  const Tensor h = x * 2;
  h.register_hook([](const Tensor& g) { return g * 10; });
  x.register_hook([](const Tensor& g) { return g + 1; });
  x.register_hook([](const Tensor& g) { return -g; });  // after the one before
  sum(h).backward();
  EXPECT_EQ(x.grad().item(), -21);
}

TEST(Hook, RunsInGradTooForTargetsAndOnTheWay) {
  const Tensor x = variable(3);
  const Tensor h = x * 2;
  h.register_hook([](const Tensor& g) { return g * 10; });
  EXPECT_EQ(grad({sum(h)}, {x}, {.retain_graph = true})[0].item(), 20);
  EXPECT_EQ(grad({sum(h)}, {h})[0].item(), 10);
}

TEST(Hook, IsNotCalledWhereNoGradientArrives) {
  const Tensor x = variable(3);
  const Tensor y = variable(4);
  int calls = 0;
  y.register_hook([&](const Tensor&) { ++calls; });
  sum(x * 2).backward();
  grad({sum(x * y)}, {x});
  EXPECT_EQ(calls, 0);
}

TEST(Hook, IsPartOfTheGraphOfSecondDerivatives) {
  const Tensor x = variable(3);
  const Tensor h = square(x);
  h.register_hook([](const Tensor& g) { return square(g); });
  const Tensor y = square(h);  // dy/dh = 2 h, squared by the hook: 4 h^2 = 4 x^4
  const Tensor first = grad({y}, {x}, {.create_graph = true})[0];  // 8 x^5
  EXPECT_DOUBLE_EQ(first.item(), 8 * 243);
}

TEST(Hook, RunsWithoutRecordingUnlessAGraphIsCreated) {
  const Tensor x = variable(3);
  std::vector<bool> modes;
  x.register_hook([&](const Tensor&) { modes.push_back(is_grad_enabled()); });
  sum(square(x)).backward();
  sum(square(x)).backward({.create_graph = true});
  EXPECT_EQ(modes, (std::vector<bool>{false, true}));
}

TEST(Hook, GivesAGradientWithoutHistoryEvenIfItReturnsAVariable) {
  const Tensor x = variable(3);
  const Tensor scale = variable(5);
  x.register_hook([&](const Tensor&) { return scale; });
  sum(x * 2).backward();
  EXPECT_FALSE(x.grad().requires_grad());
  EXPECT_EQ(x.grad().item(), 5);
  x.grad().fill_(0);
  EXPECT_EQ(scale.item(), 5) << "the leaf's grad shares its elements with the hook's tensor";
}

TEST(Hook, IsRemovedOnceAndForAll) {
  const Tensor x = variable(3);
  int calls = 0;
  RemovableHandle handle = x.register_hook([&](const Tensor&) { ++calls; });
  sum(x).backward();
  handle.remove();
  handle.remove();
  sum(x).backward();
  EXPECT_EQ(calls, 1);
}

TEST(Hook, StaysWhenItsHandleIsDropped) {
  const Tensor x = variable(3);
  int calls = 0;
  {
    const RemovableHandle dropped = x.register_hook([&](const Tensor&) { ++calls; });
  }
  sum(x).backward();
  EXPECT_EQ(calls, 1);
}

TEST(Hook, HandleOutlivesItsTensor) {
  RemovableHandle handle;
  {
    const Tensor x = variable(3);
    handle = x.register_hook([](const Tensor&) {});
  }
  handle.remove();
  RemovableHandle().remove();
}

TEST(Hook, MayRemoveItselfAndOthersDuringThePass) {
  const Tensor x = variable(3);
  std::string calls;
  RemovableHandle first;
  RemovableHandle second;
  first = x.register_hook([&](const Tensor&) {
    calls += 'a';
    first.remove();
    second.remove();
  });
  second = x.register_hook([&](const Tensor&) { calls += 'b'; });
  x.register_hook([&](const Tensor&) { calls += 'c'; });
  sum(x).backward();
  sum(x).backward();
  EXPECT_EQ(calls, "acc");
}

TEST(Hook, AddedDuringThePassRunsInTheNext) {
  const Tensor x = variable(3);
  int calls = 0;
  bool added = false;
  x.register_hook([&](const Tensor&) {
    if (!added) x.register_hook([&](const Tensor&) { ++calls; });
    added = true;
  });
  sum(x).backward();
  EXPECT_EQ(calls, 0);
  sum(x).backward();
  EXPECT_EQ(calls, 1);
}

TEST(Hook, ThatThrowsLeavesAllGradsAsTheyWere) {
  const Tensor x = variable(3);
  const Tensor y = variable(4);
  const Tensor h = x * 2;
  h.retain_grad();
  y.set_grad(constant({10}));
  RemovableHandle handle =
      x.register_hook([](const Tensor&) { throw std::runtime_error("not today"); });
  const Tensor loss = sum(h * y);
  EXPECT_TRUE(
      fails_with<std::runtime_error>([&] { loss.backward({.retain_graph = true}); }, "not today"));
  EXPECT_FALSE(x.grad().defined());
  EXPECT_FALSE(h.grad().defined());
  EXPECT_EQ(y.grad().item(), 10);
  handle.remove();
  loss.backward();
  EXPECT_EQ(x.grad().item(), 8);
  EXPECT_EQ(h.grad().item(), 4);
}

TEST(Hook, MayRunAnotherPassOverTheSameGraph) {
  const Tensor x = variable(3);
  const Tensor h = square(x);
  const Tensor below = sum(h);
  double slope = 0;
  h.register_hook([&](const Tensor& g) {
    if (slope == 0) {
      slope = 1;  // the inner pass calls this hook as well
      slope = grad({below}, {x}, {.retain_graph = true})[0].item();
    }
    return g * 2;
  });
  sum(h * 5).backward();
  EXPECT_EQ(slope, 12);
  EXPECT_EQ(x.grad().item(), 6 * 10);
}

TEST(Hook, OfAnotherFormIsAnErrorThatNamesTheOp) {
  const Tensor x = variable({1, 2});
  const Tensor h = mul(x, x);
  RemovableHandle handle = h.register_hook([](const Tensor&) { return constant({1, 2, 3}); });
  EXPECT_TRUE(fails_with<ShapeError>([&] { sum(h).backward({.retain_graph = true}); },
                                     "a hook of mul (line ", {"[3]", "[2]"}));
  handle.remove();
  h.register_hook([](const Tensor& g) { return g.to(kFloat32); });
  EXPECT_TRUE(fails_with<DTypeError>([&] { sum(h).backward(); }, "a hook of mul (line ",
                                     {"float32", "float64"}));
  EXPECT_FALSE(x.grad().defined());
}

TEST(Hook, MustNotWriteIntoItsArgument) {
  const Tensor x = variable({1, 2});
  x.register_hook([](const Tensor& g) { g.mul_(2); });
  EXPECT_TRUE(
      fails_with<AutogradError>([&] { sum(x * 2).backward(); }, "a hook of leaf", {"in place"}));
  EXPECT_FALSE(x.grad().defined());
}

TEST(Hook, NeedsATensorThatRequiresGrad) {
  const Tensor x = constant({1});
  EXPECT_TRUE(fails_with<AutogradError>([&] { x.register_hook([](const Tensor&) {}); },
                                        "register_hook: ", {"[1]", "does not require grad"}));
  EXPECT_THROW(x.retain_grad(), AutogradError);
  EXPECT_THROW(Tensor().register_hook([](const Tensor&) {}), ValueError);
}

TEST(Hook, OnEveryNodeOfADeepChain) {
  const Tensor x = variable(1);
  Tensor y = x;
  std::int64_t calls = 0;
  for (int i = 0; i < 100000; ++i) {
    y = y + 1;
    // The hook owns the tensor before: the chain is freed through hooks as well.
    y.register_hook([&calls, before = y.detach()](const Tensor&) { ++calls; });
  }
  sum(y).backward();
  EXPECT_EQ(calls, 100000);
  EXPECT_EQ(x.grad().item(), 1);
}

TEST(Hook, ThatOwnsTheGraphBelowIsFreedWithoutRecursion) {
  Tensor y = variable(1);
  for (int i = 0; i < 100000; ++i) {
    const Tensor next = y + 1;
    next.register_hook([y](const Tensor&) {});
    y = next;
  }
}

TEST(Hook, IsRegisteredWhileAnotherThreadRunsBackward) {
  const Tensor x = variable(1);
  x.register_hook([](const Tensor& g) { return g * 3; });
  std::thread other([&] {
    for (int i = 0; i < 200; ++i) sum(x * 2).backward();
  });
  for (int i = 0; i < 200; ++i) x.register_hook([](const Tensor&) {}).remove();
  other.join();
  EXPECT_EQ(x.grad().item(), 1200);
}

TEST(PostAccumulateHook, SeesTheLeafWithItsNewGrad) {
  const Tensor x = variable(3);
  std::vector<double> grads;
  RemovableHandle handle = x.register_post_accumulate_grad_hook([&](const Tensor& leaf) {
    EXPECT_TRUE(leaf.is_same(x));
    grads.push_back(leaf.grad().item());
  });
  sum(x * 2).backward();
  sum(x * 5).backward();
  EXPECT_EQ(grads, (std::vector<double>{2, 7}));
  grad({sum(x)}, {x});  // accumulates nothing
  handle.remove();
  sum(x).backward();
  EXPECT_EQ(grads.size(), 2U);
}

TEST(PostAccumulateHook, CanStepAndClearTheLeaf) {
  const Tensor x = variable(3);
  x.register_post_accumulate_grad_hook([](const Tensor& leaf) {
    leaf.sub_(leaf.grad(), 0.5);
    leaf.set_grad({});
  });
  for (int i = 0; i < 2; ++i) sum(square(x)).backward();
  EXPECT_EQ(x.item(), 0);
  EXPECT_FALSE(x.grad().defined());
}

TEST(PostAccumulateHook, RunsWhenTheGradsOfAllLeavesAreComplete) {
  const Tensor x = variable(3);
  const Tensor y = variable(4);
  const auto both = [&](const Tensor&) {
    EXPECT_TRUE(x.grad().defined() && y.grad().defined());
    throw std::runtime_error("too late");
  };
  x.register_post_accumulate_grad_hook(both);
  y.register_post_accumulate_grad_hook(both);
  EXPECT_THROW(sum(x * y).backward(), std::runtime_error);
  EXPECT_EQ(x.grad().item(), 4);
  EXPECT_EQ(y.grad().item(), 3);
}

TEST(PostAccumulateHook, IsForLeavesOnly) {
  const Tensor h = variable(3) * 2;
  EXPECT_TRUE(
      fails_with<AutogradError>([&] { h.register_post_accumulate_grad_hook([](const Tensor&) {}); },
                                "register_post_accumulate_grad_hook: ", {"mul", "leaves"}));
}

TEST(RetainGrad, KeepsAndAddsUpTheGradientOfAResult) {
  const Tensor x = variable(3);
  const Tensor h = x * 2;
  EXPECT_FALSE(h.retains_grad());
  h.retain_grad();
  h.retain_grad();
  EXPECT_TRUE(h.retains_grad());
  const Tensor y = sum(square(h));
  y.backward({.retain_graph = true});
  EXPECT_EQ(h.grad().item(), 12);
  y.backward();
  EXPECT_EQ(h.grad().item(), 24);
  EXPECT_EQ(x.grad().item(), 48);
}

TEST(RetainGrad, KeepsWhatTheHooksMade) {
  const Tensor h = variable(3) * 2;
  h.retain_grad();
  h.register_hook([](const Tensor& g) { return g * 10; });
  sum(h).backward();
  EXPECT_EQ(h.grad().item(), 10);
}

TEST(RetainGrad, IsANoOpForALeafAndForGrad) {
  const Tensor x = variable(3);
  x.retain_grad();
  EXPECT_FALSE(x.retains_grad());
  const Tensor h = x * 2;
  h.retain_grad();
  grad({sum(h)}, {x});
  EXPECT_FALSE(h.grad().defined());
}

TEST(RetainGrad, DoesNotKeepTheTensor) {
  const Tensor x = variable(3);
  Tensor y;
  {
    const Tensor h = x * 2;
    h.retain_grad();
    y = sum(h);
  }
  y.backward();
  EXPECT_EQ(x.grad().item(), 2);
}

TEST(BackwardOptions, MayBeEmptyBraces) {
  const Tensor x = variable(3);
  sum(x * 2).backward({});
  EXPECT_EQ(x.grad().item(), 2);
}

}  // namespace
}  // namespace tarn::testing
