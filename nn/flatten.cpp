#include <tarn/autograd/ops/views.h>
#include <tarn/nn/flatten.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {

Flatten::Flatten(std::int64_t start, std::int64_t end) : start_dim(start), end_dim(end) {}

Tensor Flatten::forward(const Tensor& x) { return flatten(x, start_dim, end_dim, call_site()); }

std::string Flatten::extra() const { return str("start_dim=", start_dim, ", end_dim=", end_dim); }

}  // namespace tarn::nn
