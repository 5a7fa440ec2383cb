#pragma once

#include <string>

#include <tarn/nn/module.h>

namespace tarn::nn {

/// A table of `model` and all modules below it with the number of parameters that each holds
/// itself, not counting its children, so that the column adds up to the total in the last lines. A
/// tied parameter counts where it comes first.
///
///   module  type        parameters
///   (model) Sequential           0
///   0       Linear         100,480
///   1       ReLU                 0
///   2       Linear           1,290
///   total                  101,770
///   trainable              101,770
std::string summary(const Module& model);

}  // namespace tarn::nn
