#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/grad_mode.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/pool.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "allocations.h"
#include "leaves.h"
#include "warnings.h"

namespace tarn::optim {
namespace {

using testing::allocations;
using testing::copies;
using testing::fails_with;
using testing::is_close;
using testing::leaf;
using testing::random_leaf;
using testing::same_bits;
using testing::set_random_grads;
using testing::Warnings;

// All sensible combinations of the switches.
std::vector<SGDOptions> all_options() {
  std::vector<SGDOptions> all;
  for (const double weight_decay : {0.0, 0.1}) {
    for (const bool maximize : {false, true}) {
      const SGDOptions plain{.lr = 0.05, .weight_decay = weight_decay, .maximize = maximize};
      for (int kind = 0; kind < 4; ++kind) {
        SGDOptions o = plain;
        if (kind > 0) o.momentum = 0.9;
        if (kind == 2) o.dampening = 0.3;
        if (kind == 3) o.nesterov = true;
        all.push_back(o);
      }
    }
  }
  return all;
}

// One step as the formulas say, in tensor operations.
void reference_step(const Tensor& p, const Tensor& g, Tensor& v, const SGDOptions& o) {
  const NoGradGuard no_grad;
  Tensor d = o.maximize ? neg(g) : g;
  if (o.weight_decay != 0) d = d + p * o.weight_decay;
  if (o.momentum != 0) {
    v = v.defined() ? v * o.momentum + d * (1 - o.dampening) : d;
    d = o.nesterov ? d + v * o.momentum : v;
  }
  p.copy_(p - d * o.lr);
}

// ---- the numbers -------------------------------------------------------------------------------

TEST(SGD, TakesTheFirstGradientUndampedIntoItsBuffer) {
  const Warnings warnings;
  const Tensor p = leaf({1});
  SGD sgd({p}, {.lr = 0.5, .momentum = 0.5, .dampening = 0.75});
  p.set_grad(ones_like(p));
  sgd.step();
  EXPECT_EQ(p.item(), 1 - 0.5 * 1);
  sgd.step();
  EXPECT_EQ(p.item(), 0.5 - 0.5 * (0.5 * 1 + 0.25 * 1));
}

TEST(SGD, HasTheBitsOfTheSameTensorOperations) {
  for (const DType dtype : {kFloat32, kFloat64}) {
    for (const SGDOptions& o : all_options()) {
      // Sizes around a cache line, and one that is split among threads.
      for (const std::int64_t size : {0, 1, 15, 16, 17, 1000, 100003}) {
        const Tensor p = random_leaf({size}, 1, dtype);
        const Tensor expected = p.detach().clone();
        Tensor v;
        SGD sgd({p}, o);
        for (std::uint64_t step = 0; step < 3; ++step) {
          set_random_grads({p}, step);
          sgd.step();
          reference_step(expected, p.grad(), v, o);
        }
        ASSERT_TRUE(same_bits(p, expected)) << to_string(sgd) << ", size " << size;
      }
    }
  }
}

TEST(SGD, HasTheSameBitsForEveryMemoryLayout) {
  for (const SGDOptions& o : all_options()) {
    const Tensor rows = random_leaf({6, 5}, 1);
    // Dense but transposed; and every other column of something wider: not dense.
    const Tensor columns = rows.detach().t().contiguous().t().requires_grad_();
    const Tensor sparse = zeros({6, 10}).slice(1, 0, 10, 2).copy_(rows.detach()).requires_grad_();
    // A gradient that lies otherwise than its parameter.
    const Tensor mixed = rows.detach().clone().requires_grad_();
    ASSERT_FALSE(columns.is_contiguous());
    ASSERT_FALSE(sparse.is_dense());
    const std::vector<Tensor> params = {rows, columns, sparse, mixed};
    SGD sgd(params, o);
    for (std::uint64_t step = 0; step < 3; ++step) {
      Generator generator(step);
      const Tensor grad = randn({6, 5}, generator);
      rows.set_grad(grad);
      columns.set_grad(grad.t().contiguous().t());
      sparse.set_grad(grad.clone());
      mixed.set_grad(grad.t().contiguous().t());
      sgd.step();
      for (const Tensor& p : params) ASSERT_TRUE(same_bits(p, rows)) << to_string(sgd);
    }
  }
}

TEST(SGD, HasTheSameBitsForAnyNumberOfThreads) {
  const int threads = get_num_threads();
  const std::vector<Tensor> params = {random_leaf({300001}, 1), random_leaf({17}, 2)};
  const std::vector<Tensor> alone = copies(params);
  const SGDOptions o{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true};
  SGD team(params, o);
  SGD single(alone, o);
  for (std::uint64_t step = 0; step < 3; ++step) {
    set_num_threads(3);
    set_random_grads(params, step);
    team.step();
    set_num_threads(1);
    set_random_grads(alone, step);
    single.step();
  }
  set_num_threads(threads);
  for (std::size_t i = 0; i < params.size(); ++i) EXPECT_TRUE(same_bits(params[i], alone[i]));
}

TEST(SGD, PassesNanAndInfinityOn) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  const Tensor p = leaf({1, 2, 3});
  SGD sgd({p}, {.lr = 1, .momentum = 0.9});
  p.set_grad(leaf({nan, inf, 1}).detach());
  sgd.step();
  EXPECT_TRUE(is_close(p, leaf({nan, -inf, 2}), {}));
}

TEST(SGD, CanSwitchMomentumOnLater) {
  const Warnings warnings;
  const Tensor p = leaf({1});
  SGD sgd({p}, {.lr = 0.5});
  p.set_grad(ones_like(p));
  sgd.step();
  EXPECT_FALSE(sgd.state_dict().contains("state.0.0.momentum_buffer"));
  sgd.param_groups()[0].option("momentum") = 0.5;
  sgd.step();
  sgd.step();
  EXPECT_EQ(p.item(), 1 - 0.5 * (1 + 1 + 1.5));
}

TEST(SGD, FindsTheMinimumOfAQuadratic) {
  // f(x) = x^2 / 2 with momentum: the error shrinks like sqrt(momentum)^t (Polyak 1964).
  const Tensor p = leaf({1});
  SGD sgd({p}, {.lr = 0.5, .momentum = 0.25});
  for (int step = 0; step < 60; ++step) {
    sgd.zero_grad();
    (p * p * 0.5).sum().backward();
    sgd.step();
  }
  EXPECT_LT(std::abs(p.item()), 1e-16);
}

// ---- cost --------------------------------------------------------------------------------------

TEST(SGD, AllocatesNothingPerStep) {
  const std::vector<Tensor> params = {random_leaf({1000}, 1), random_leaf({300, 400}, 2),
                                      random_leaf({40, 30}, 3).detach().t().requires_grad_()};
  for (const SGDOptions& o : all_options()) {
    SGD sgd(params, o);
    set_random_grads(params, 1);
    const auto step = [&] {
      for (const Tensor& p : params) p.set_grad(p.grad());  // new again
      sgd.step();
    };
    step();
    // With an empty cache, any tensor that a step made would be fetched from the system.
    empty_cache();
    const auto tensors = memory_stats().system_allocations;
    const std::int64_t objects = allocations();
    for (int i = 0; i < 10; ++i) step();
    EXPECT_EQ(allocations(), objects) << to_string(sgd);
    EXPECT_EQ(memory_stats().system_allocations, tensors) << to_string(sgd);
  }
}

// ---- bad options -------------------------------------------------------------------------------

TEST(SGD, RefusesOptionsOutsideTheirRanges) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refuses = [](const SGDOptions& o, std::string_view message) {
    return fails_with<ValueError>([&] { SGD sgd({leaf({1})}, o); }, message);
  };
  EXPECT_TRUE(refuses({.momentum = -0.1}, "SGD: momentum = -0.1: expected a finite value >= 0"));
  EXPECT_TRUE(refuses({.momentum = nan}, "SGD: momentum = nan: expected a finite value"));
  EXPECT_TRUE(refuses({.dampening = nan}, "SGD: dampening = nan: expected a finite value"));
  EXPECT_TRUE(
      refuses({.weight_decay = -1}, "SGD: weight_decay = -1: expected a finite value >= 0"));
  EXPECT_TRUE(refuses({.nesterov = true},
                      "SGD: nesterov with momentum = 0 and dampening = 0: expected momentum > 0"));
  EXPECT_TRUE(refuses({.momentum = 0.9, .dampening = 0.1, .nesterov = true},
                      "SGD: nesterov with momentum = 0.9 and dampening = 0.1"));
}

TEST(SGD, RefusesGroupsWithOptionsOutsideTheirRanges) {
  const auto refuses = [](const Options& options, std::string_view message) {
    return fails_with<ValueError>([&] { SGD sgd({{.params = {leaf({1})}, .options = options}}); },
                                  message);
  };
  EXPECT_TRUE(refuses({{"momentum", -1}}, "SGD: momentum = -1"));
  EXPECT_TRUE(refuses({{"nesterov", 2}}, "SGD: nesterov = 2: expected 0 or 1"));
  EXPECT_TRUE(refuses({{"maximize", -1}}, "SGD: maximize = -1: expected 0 or 1"));
  EXPECT_TRUE(refuses({{"nesterov", 1}}, "SGD: nesterov with momentum = 0"));
}

}  // namespace
}  // namespace tarn::optim
