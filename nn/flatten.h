#pragma once

#include <tarn/nn/module.h>

namespace tarn::nn {

/// Merges dimensions start_dim..end_dim (both included, from the end when negative) into one; by
/// default all but the batch: [N, 1, 28, 28] -> [N, 784].
class Flatten : public Module {
 public:
  explicit Flatten(std::int64_t start_dim = 1, std::int64_t end_dim = -1);

  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const std::int64_t start_dim;
  const std::int64_t end_dim;
};

}  // namespace tarn::nn
