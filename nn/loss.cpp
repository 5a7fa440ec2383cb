#include <tarn/nn/loss.h>

namespace tarn::nn {

Tensor Loss::operator()(const Tensor& input, const Tensor& target, Where where) {
  const CallSiteGuard guard(where);
  return forward(input, target);
}

}  // namespace tarn::nn
