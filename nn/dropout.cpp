#include <tarn/autograd/ops/dropout.h>
#include <tarn/nn/dropout.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

double check(const char* layer, double p) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(str(layer, ": p = ", p, ": expected a probability, 0 <= p <= 1"));
  return p;
}

}  // namespace

Dropout::Dropout(double probability) : p(check("Dropout", probability)) {}

Tensor Dropout::forward(const Tensor& x) { return dropout(x, p, is_training(), call_site()); }

std::string Dropout::extra() const { return str("p=", p); }

Dropout2d::Dropout2d(double probability) : p(check("Dropout2d", probability)) {}

Tensor Dropout2d::forward(const Tensor& x) { return dropout2d(x, p, is_training(), call_site()); }

std::string Dropout2d::extra() const { return str("p=", p); }

}  // namespace tarn::nn
