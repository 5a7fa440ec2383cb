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

/// The same with the shape of what each module returns for an input of shape `input`, and the
/// floating-point operations of its matrix products and convolutions, those of its children
/// included:
///
///   nn::summary(model, {64, 784});
///
///   module     type        output     parameters       FLOPs
///   (model)    Sequential  [64, 10]            0  13,008,896
///   ...
///
/// `dtype` is the input's: kInt64 for a model that begins with an Embedding. The model runs once,
/// on zeros and in evaluation mode; afterwards it is as before, and no random number was taken. A
/// module that is called several times counts as often, and shows its last shape; one that was not
/// called, or has other inputs than one tensor, shows "-". Throws what the model throws for such an
/// input.
std::string summary(Module& model, const Shape& input, DType dtype = DType::float32);

}  // namespace tarn::nn
