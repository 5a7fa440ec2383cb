#pragma once

#include <vector>

#include <tarn/nn/module.h>

namespace tarn::nn {

/// The leaves that require grad, are reached by the graph of `loss` and are not parameters of
/// `model`: layers that were made but not add()ed, tensors that were not registered by parameter().
/// Inputs that require grad on purpose are among them. Empty when all is well.
std::vector<Tensor> unregistered(const Module& model, const Tensor& loss);

}  // namespace tarn::nn
