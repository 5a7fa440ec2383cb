#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/optim/detail/descent.h>

namespace tarn::optim::detail {

Tensor descent(const Tensor& p, const Tensor& g, double weight_decay, bool maximize) {
  const Tensor d = maximize ? neg(g) : g;
  return weight_decay != 0 ? add(d, p, weight_decay) : d;
}

}  // namespace tarn::optim::detail
