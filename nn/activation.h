#pragma once

#include <tarn/nn/module.h>

namespace tarn::nn {

/// max(x, 0), element by element.
class ReLU : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// The hyperbolic tangent of each element.
class Tanh : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// 1 / (1 + exp(-x)), element by element.
class Sigmoid : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

}  // namespace tarn::nn
