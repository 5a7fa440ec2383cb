#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/softmax.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/kernels/softmax.h>

namespace tarn {
namespace {

const Op kSoftmax{"softmax"};
const Op kLogSoftmax{"log_softmax"};

Tensor as_floating(const Tensor& x) { return is_floating_point(x.dtype()) ? x : to(x, kFloat32); }

}  // namespace

Tensor softmax(const Tensor& x, std::int64_t dim, Where where) {
  require_defined("softmax", {&x});
  const int d = wrap_dim("softmax", dim, x.dim());
  const Tensor input = as_floating(x);
  const Tensor y = kernels::softmax(input, d);
  return record(kSoftmax, where, y, wrt(input, [y = saved_output(y), d](const Tensor& g) {
                  const Tensor p = y.get();
                  return mul(p, sub(g, sum(mul(g, p), {d}, /*keepdim=*/true)));
                }));
}

Tensor log_softmax(const Tensor& x, std::int64_t dim, Where where) {
  require_defined("log_softmax", {&x});
  const int d = wrap_dim("log_softmax", dim, x.dim());
  const Tensor input = as_floating(x);
  const Tensor y = kernels::log_softmax(input, d);
  return record(kLogSoftmax, where, y, wrt(input, [y = saved_output(y), d](const Tensor& g) {
                  return sub(g, mul(exp(y.get()), sum(g, {d}, /*keepdim=*/true)));
                }));
}

}  // namespace tarn
