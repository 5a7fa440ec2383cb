#include <tarn/autograd/detail/overwritten.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/indexing.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/tensor/factories.h>

namespace tarn {

Tensor overwritten(const Shape& sizes, int dim, const Tensor& index) {
  const NoGradGuard no_grad;
  const Tensor order = reshape(arange(index.numel()), index.sizes());
  const Tensor last = scatter(zeros(sizes, {.dtype = kInt64}), dim, index, order);
  return ne(gather(last, dim, index), order);
}

}  // namespace tarn
