#include "layouts.h"

#include <cmath>

#include <tarn/autograd/grad_mode.h>
#include <tarn/tensor/factories.h>

namespace tarn::testing {
namespace {

Tensor transposed(const Tensor& x) {
  if (x.dim() < 2) return x;
  const NoGradGuard no_grad;
  Shape strides = x.sizes();
  std::int64_t stride = 1;
  for (int i = 0; i < x.dim(); ++i) {
    strides[i] = stride;
    stride *= std::max<std::int64_t>(x.size(i), 1);
  }
  Tensor result = empty_strided(x.sizes(), strides, {.dtype = x.dtype()});
  result.copy_(x);
  return result;
}

Tensor stepped(const Tensor& x) {
  if (x.dim() == 0) return x;
  const NoGradGuard no_grad;
  Shape sizes = x.sizes();
  for (std::int64_t& size : sizes) size = 2 * size + 1;
  const Scalar gap = is_floating_point(x.dtype()) ? Scalar(std::nan("")) : Scalar(77);
  Tensor result = full(sizes, gap, {.dtype = x.dtype()});
  for (int i = 0; i < x.dim(); ++i) result = result.slice(i, 1, sizes[i], 2);
  result.copy_(x);
  return result;
}

Tensor expanded(const Tensor& x) {
  if (x.dim() == 0 || x.size(0) < 2) return x;
  return row_major_copy(x.detach().narrow(0, 0, 1)).expand(x.sizes());
}

}  // namespace

const std::vector<Layout>& layouts() {
  static const std::vector<Layout> all = {
      {"transposed", transposed, true}, {"stepped", stepped, true}, {"expanded", expanded, false}};
  return all;
}

Tensor row_major_copy(const Tensor& x) {
  const NoGradGuard no_grad;
  Tensor copy = empty(x.sizes(), {.dtype = x.dtype()});
  copy.copy_(x);
  return copy;
}

}  // namespace tarn::testing
