#include <tarn/autograd/ops/pointwise.h>
#include <tarn/nn/activation.h>

namespace tarn::nn {

Tensor ReLU::forward(const Tensor& x) { return relu(x, call_site()); }

Tensor Tanh::forward(const Tensor& x) { return tanh(x, call_site()); }

Tensor Sigmoid::forward(const Tensor& x) { return sigmoid(x, call_site()); }

}  // namespace tarn::nn
