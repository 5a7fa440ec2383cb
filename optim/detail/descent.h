#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn::optim::detail {

/// The way up that an optimizer walks down: the gradient g, or -g to maximize, plus the gradient of
/// the penalty weight_decay |p|^2 / 2.
Tensor descent(const Tensor& p, const Tensor& g, double weight_decay, bool maximize);

}  // namespace tarn::optim::detail
