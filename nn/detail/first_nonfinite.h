#pragma once

#include <string>

#include <tarn/tensor/tensor.h>

namespace tarn::nn::detail {

/// "fc2.bias[3] = nan": the first element of x in row-major order, with the name given, that is NaN
/// or infinite; empty when there is none.
std::string first_nonfinite(const std::string& name, const Tensor& x);

}  // namespace tarn::nn::detail
