#include <tarn/autograd/ops/pointwise.h>
#include <tarn/nn/dropout.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {

Dropout::Dropout(double probability) : p(probability) {
  if (!(p >= 0 && p <= 1)) {
    throw ValueError(str("Dropout: p = ", p, ": expected a probability, 0 <= p <= 1"));
  }
}

Tensor Dropout::forward(const Tensor& x) { return dropout(x, p, is_training(), call_site()); }

std::string Dropout::extra() const { return str("p=", p); }

}  // namespace tarn::nn
