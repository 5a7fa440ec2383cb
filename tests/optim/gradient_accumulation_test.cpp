#include <vector>

#include <gtest/gtest.h>

#include <tarn/optim/sgd.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "leaves.h"

namespace tarn::optim {
namespace {

using testing::copies;
using testing::is_close;
using testing::random_leaf;
using testing::Tolerance;

constexpr std::int64_t kExamples = 100;

struct Model {
  std::vector<Tensor> params;
  SGD sgd{params, {.lr = 0.1, .momentum = 0.9}};

  Tensor loss(const Tensor& x, const Tensor& y) const {
    return mse_loss(matmul(tanh(matmul(x, params[0])), params[1]), y);
  }
};

// Two steps on all examples, in micro-batches of `size` whose losses count by their examples.
void train(Model& model, std::int64_t size, const Tensor& x, const Tensor& y) {
  for (int step = 0; step < 2; ++step) {
    model.sgd.zero_grad();
    for (std::int64_t start = 0; start < kExamples; start += size) {
      const std::int64_t count = std::min(size, kExamples - start);
      const Tensor loss = model.loss(x.narrow(0, start, count), y.narrow(0, start, count));
      (loss * (static_cast<double>(count) / kExamples)).backward();
    }
    model.sgd.step();
  }
}

TEST(GradientAccumulation, EqualsTheBigBatchAlsoWhenTheLastMicroBatchIsShort) {
  for (const DType dtype : {kFloat32, kFloat64}) {
    const Tensor x = random_leaf({kExamples, 3}, 1, dtype).detach();
    const Tensor y = random_leaf({kExamples, 2}, 2, dtype).detach();
    const std::vector<Tensor> start = {random_leaf({3, 5}, 3, dtype),
                                       random_leaf({5, 2}, 4, dtype)};
    Model big{copies(start)};
    train(big, kExamples, x, y);
    for (const std::int64_t size : {50, 32, 7, 1}) {
      Model small{copies(start)};
      train(small, size, x, y);
      const Tolerance tolerance = dtype == kFloat32 ? Tolerance{.rtol = 1e-5, .atol = 1e-6}
                                                    : Tolerance{.rtol = 1e-13, .atol = 1e-14};
      for (std::size_t i = 0; i < start.size(); ++i) {
        EXPECT_TRUE(is_close(small.params[i], big.params[i], tolerance))
            << "micro-batches of " << size;
      }
    }
  }
}

}  // namespace
}  // namespace tarn::optim
