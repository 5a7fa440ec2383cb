#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/ops/softmax.h>
#include <tarn/nn/activation.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {

Tensor ReLU::forward(const Tensor& x) { return relu(x, call_site()); }

Tensor Tanh::forward(const Tensor& x) { return tanh(x, call_site()); }

Tensor Sigmoid::forward(const Tensor& x) { return sigmoid(x, call_site()); }

LeakyReLU::LeakyReLU(double slope) : negative_slope(slope) {}

Tensor LeakyReLU::forward(const Tensor& x) { return leaky_relu(x, negative_slope, call_site()); }

std::string LeakyReLU::extra() const { return str("negative_slope=", negative_slope); }

ELU::ELU(double scale) : alpha(scale) {}

Tensor ELU::forward(const Tensor& x) { return elu(x, alpha, call_site()); }

std::string ELU::extra() const { return str("alpha=", alpha); }

Tensor SiLU::forward(const Tensor& x) { return silu(x, call_site()); }

GELU::GELU(Gelu approximation) : approximate(approximation) {}

Tensor GELU::forward(const Tensor& x) { return gelu(x, approximate, call_site()); }

std::string GELU::extra() const {
  return str("approximate=", approximate == Gelu::none ? "'none'" : "'tanh'");
}

Softplus::Softplus(const SoftplusOptions& chosen) : options(chosen) {}

Tensor Softplus::forward(const Tensor& x) {
  return softplus(x, options.beta, options.threshold, call_site());
}

std::string Softplus::extra() const {
  return str("beta=", options.beta, ", threshold=", options.threshold);
}

Softmax::Softmax(std::int64_t dimension) : dim(dimension) {}

Tensor Softmax::forward(const Tensor& x) { return softmax(x, dim, call_site()); }

std::string Softmax::extra() const { return str("dim=", dim); }

LogSoftmax::LogSoftmax(std::int64_t dimension) : dim(dimension) {}

Tensor LogSoftmax::forward(const Tensor& x) { return log_softmax(x, dim, call_site()); }

std::string LogSoftmax::extra() const { return str("dim=", dim); }

}  // namespace tarn::nn
