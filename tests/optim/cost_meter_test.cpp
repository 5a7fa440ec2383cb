#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/graph_flops.h>
#include <tarn/autograd/ops.h>
#include <tarn/nn/activation.h>
#include <tarn/nn/linear.h>
#include <tarn/nn/sequential.h>
#include <tarn/optim/cost_meter.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>

#include "../tensor/expect_error.h"
#include "leaves.h"

namespace tarn::optim {
namespace {

using testing::fails_with;
using testing::leaf;
using testing::random_leaf;

TEST(GraphFlops, CountsTheProductsOfANetwork) {
  nn::Sequential mlp(nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 10));
  const Tensor loss = cross_entropy(mlp(zeros({64, 784})), zeros({64}, {.dtype = kInt64}));
  const double first = 2.0 * 64 * 784 * 128;
  const double second = 2.0 * 64 * 128 * 10;
  const GraphFlops flops = graph_flops(loss);
  EXPECT_EQ(flops.forward, first + second);
  EXPECT_EQ(flops.backward, first + 2 * second) << "pixels need no gradient";
  EXPECT_EQ(flops.total(), flops.forward + flops.backward);

  mlp[0].requires_grad_(false);
  const GraphFlops frozen = graph_flops(mlp(zeros({64, 784})));
  EXPECT_EQ(frozen.forward, second);
  EXPECT_EQ(frozen.backward, second);
}

TEST(GraphFlops, CountsMatrixProductsOfAllKinds) {
  const auto forward = [](const Tensor& output) { return graph_flops(output).forward; };
  const Tensor m = random_leaf({3, 4}, 1);
  const Tensor constant = zeros({4, 5});
  EXPECT_EQ(forward(matmul(m, constant)), 2.0 * 3 * 4 * 5);
  EXPECT_EQ(forward(matmul(zeros({2, 3}), m)), 2.0 * 2 * 3 * 4);
  EXPECT_EQ(forward(matmul(random_leaf({7, 3, 4}, 1), constant)), 2.0 * 7 * 3 * 4 * 5);
  EXPECT_EQ(forward(matmul(zeros({7, 2, 3}), m)), 2.0 * 7 * 2 * 3 * 4);
  EXPECT_EQ(forward(matmul(m, zeros({4}))), 2.0 * 3 * 4);
  EXPECT_EQ(forward(matmul(zeros({3, 4}), random_leaf({4}, 1))), 2.0 * 3 * 4);
  EXPECT_EQ(forward(matmul(random_leaf({4}, 1), random_leaf({4}, 2))), 2.0 * 4);
  const Tensor product = matmul(m, random_leaf({4, 5}, 1));
  EXPECT_EQ(graph_flops(add(product, product)).forward, 2.0 * 3 * 4 * 5) << "shared, counted once";
  EXPECT_EQ(graph_flops(product).backward, 2 * 2.0 * 3 * 4 * 5);
}

TEST(GraphFlops, CountsConvolutions) {
  const Tensor image = random_leaf({2, 3, 10, 10}, 1);
  const Tensor weight = random_leaf({6, 3, 5, 3}, 2);
  EXPECT_EQ(graph_flops(conv2d(image.detach(), weight, {})).forward,
            2.0 * (2 * 6 * 6 * 8) * (3 * 5 * 3));
  EXPECT_EQ(graph_flops(conv2d(image.detach(), weight, {})).backward,
            2.0 * (2 * 6 * 6 * 8) * (3 * 5 * 3));
  EXPECT_EQ(graph_flops(conv2d(image, random_leaf({6, 1, 5, 3}, 2), {}, {.groups = 3})).forward,
            2.0 * (2 * 6 * 6 * 8) * (5 * 3));
  const Tensor transposed = random_leaf({3, 6, 5, 3}, 2);
  EXPECT_EQ(graph_flops(conv_transpose2d(image, transposed, {})).forward,
            2.0 * (2 * 3 * 10 * 10) * (6 * 5 * 3));
}

TEST(GraphFlops, IsZeroWithoutAGraph) {
  EXPECT_EQ(graph_flops(zeros({3})).total(), 0);
  EXPECT_EQ(graph_flops(random_leaf({3}, 1)).total(), 0);
  EXPECT_EQ(graph_flops(square(random_leaf({3}, 1))).total(), 0);
}

TEST(CostMeter, CountsUpdatesExamplesAndOperations) {
  const Tensor w = random_leaf({4, 1}, 1);
  SGD sgd({w}, {.lr = 0.1});
  const auto step = [&](CostMeter* cost) {
    sgd.zero_grad();
    const Tensor loss = matmul(zeros({8, 4}), w).sum();
    if (cost) cost->add(loss, 8);
    loss.backward();
    sgd.step();
  };
  step(nullptr);
  CostMeter cost(sgd);
  step(&cost);
  step(&cost);
  cost.add(0, 5);
  EXPECT_EQ(cost.updates(), 2);
  EXPECT_EQ(cost.example_gradients(), 21);
  EXPECT_EQ(cost.flops(), 2 * (2 * 2.0 * 8 * 4));

  CostMeter resumed(sgd);
  resumed.pause();
  resumed.load_state_dict(cost.state_dict());
  EXPECT_EQ(resumed.updates(), 2);
  EXPECT_EQ(resumed.example_gradients(), 21);
  EXPECT_EQ(resumed.flops(), cost.flops());
  step(&resumed);
  EXPECT_EQ(resumed.updates(), 3);
  EXPECT_TRUE(fails_with<ValueError>([&] { resumed.load_state_dict({}); }, "CostMeter: "));
  EXPECT_TRUE(fails_with<ValueError>([&] { cost.add(-1, 8); }, "CostMeter: flops = -1"));
  EXPECT_TRUE(fails_with<ValueError>([&] { cost.add(1, -8); }, "CostMeter: examples = -8"));
}

TEST(CostMeter, StopsItsClockWhilePaused) {
  SGD sgd({leaf({1})}, {.lr = 0.1});
  CostMeter cost(sgd);
  const double first = cost.seconds();
  EXPECT_GE(first, 0);
  cost.pause();
  const double paused = cost.seconds();
  EXPECT_GE(paused, first);
  EXPECT_EQ(cost.seconds(), paused);
  cost.pause();
  EXPECT_EQ(cost.seconds(), paused);
  cost.resume();
  cost.resume();
  EXPECT_GE(cost.seconds(), paused);
}

TEST(CostMeter, ReadsAsALine) {
  SGD sgd({leaf({1})}, {.lr = 0.1});
  CostMeter cost(sgd);
  cost.pause();
  cost.add(3.66e10, 60000);
  const std::string text = to_string(cost);
  EXPECT_TRUE(text.starts_with("0 updates, 60000 example gradients, 36.6 GFLOP, ")) << text;
  EXPECT_TRUE(text.ends_with(" s")) << text;
}

}  // namespace
}  // namespace tarn::optim
