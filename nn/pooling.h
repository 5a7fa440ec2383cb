#pragma once

#include <tarn/autograd/ops/pooling.h>
#include <tarn/nn/module.h>

namespace tarn::nn {

/// The largest element of each window, max_pool2d().
///
///   nn::MaxPool2d pool({.kernel_size = 2});
///   Tensor y = pool(x);   // [N, C, 28, 28] -> [N, C, 14, 14]
class MaxPool2d : public Module {
 public:
  /// Throws ValueError for options out of range.
  explicit MaxPool2d(const MaxPool2dOptions& options);

  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const MaxPool2dOptions options;
};

/// The mean of each window, avg_pool2d().
class AvgPool2d : public Module {
 public:
  /// Throws ValueError for options out of range.
  explicit AvgPool2d(const AvgPool2dOptions& options);

  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const AvgPool2dOptions options;
};

}  // namespace tarn::nn
