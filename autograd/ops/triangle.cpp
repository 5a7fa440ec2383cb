#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/triangle.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

// How far each element of the last two dimensions lies to the right of the main diagonal.
Tensor distance_right(const char* op, const Tensor& x) {
  require_defined(op, {&x});
  if (x.dim() < 2)
    throw ShapeError(str(op, ": shape ", x.sizes(), ": expected matrices, [*, M, N]"));
  return arange(x.size(-1)) - unsqueeze(arange(x.size(-2)), 1);
}

}  // namespace

Tensor tril(const Tensor& x, std::int64_t diagonal, Where where) {
  return masked_fill(x, distance_right("tril", x) > diagonal, 0, where);
}

Tensor triu(const Tensor& x, std::int64_t diagonal, Where where) {
  return masked_fill(x, distance_right("triu", x) < diagonal, 0, where);
}

}  // namespace tarn
