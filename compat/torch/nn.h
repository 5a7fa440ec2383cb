#pragma once

// Modules, layers, losses and initial values with libtorch's interface.
#include <torch/nn/functional.h>
#include <torch/nn/layers.h>
#include <torch/nn/losses.h>
#include <torch/nn/module.h>
#include <torch/nn/module_holder.h>
#include <torch/nn/sequential.h>

#include <tarn/nn/clip_grad.h>
#include <tarn/nn/init.h>

namespace torch::nn {

namespace init = tarn::nn::init;

namespace utils {
/// Returns the norm before clipping; see tarn::nn::clip_grad_norm_.
inline double clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm,
                              double norm_type = 2, bool error_if_nonfinite = false) {
  return tarn::nn::clip_grad_norm_(
      parameters, max_norm, {.norm_type = norm_type, .error_if_nonfinite = error_if_nonfinite});
}
inline void clip_grad_value_(const std::vector<Tensor>& parameters, double clip_value) {
  tarn::nn::clip_grad_value_(parameters, clip_value);
}
}  // namespace utils

}  // namespace torch::nn
