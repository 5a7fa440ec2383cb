#include <cmath>

#include <tarn/autograd/ops/matmul.h>
#include <tarn/nn/detail/at_least_one.h>
#include <tarn/nn/init.h>
#include <tarn/nn/linear.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

Tensor empty_weight(std::int64_t in, std::int64_t out, DType dtype) {
  return empty_strided({out, in}, {1, out}, {.dtype = dtype});
}

}  // namespace

Linear::Linear(std::int64_t in, std::int64_t out, const LinearOptions& options)
    : in_features(at_least_one("Linear", "in_features", in)),
      out_features(at_least_one("Linear", "out_features", out)),
      weight(parameter("weight", empty_weight(in, out, options.dtype))),
      bias(parameter("bias", options.bias ? empty({out}, {.dtype = options.dtype}) : Tensor())) {
  reset_parameters();
}

void Linear::reset_parameters() {
  init::kaiming_uniform_(weight, {.a = std::sqrt(5.0)});
  const double bound = 1 / std::sqrt(static_cast<double>(in_features));
  if (bias.defined()) init::uniform_(bias, -bound, bound);
}

Tensor Linear::forward(const Tensor& x) { return linear(x, weight, bias, call_site()); }

std::string Linear::extra() const {
  return str("in_features=", in_features, ", out_features=", out_features,
             ", bias=", bias.defined() ? "True" : "False");
}

}  // namespace tarn::nn
