#pragma once

#include <functional>

#include <tarn/nn/module.h>

namespace tarn::nn {

/// A module from a function without parameters, for Sequential:
///
///   nn::Sequential net(nn::Linear(4, 8), nn::Functional([](const Tensor& x) { return exp(x); }));
class Functional : public Module {
 public:
  /// Throws ValueError for an empty function.
  explicit Functional(std::function<Tensor(const Tensor&)> function);

  Tensor forward(const Tensor& x) override;

 private:
  std::function<Tensor(const Tensor&)> function_;
};

}  // namespace tarn::nn
