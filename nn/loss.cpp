#include <tarn/nn/loss.h>

namespace tarn::nn {

Tensor Loss::operator()(const Tensor& input, const Tensor& target, Where where) {
  const CallSiteGuard guard(where);
  return forward(input, target);
}

CrossEntropyLoss::CrossEntropyLoss(const CrossEntropyOptions& options) : options_(options) {}

Tensor CrossEntropyLoss::forward(const Tensor& input, const Tensor& target) {
  return cross_entropy(input, target, options_, call_site());
}

NLLLoss::NLLLoss(const NllLossOptions& options) : options_(options) {}

Tensor NLLLoss::forward(const Tensor& input, const Tensor& target) {
  return nll_loss(input, target, options_, call_site());
}

MSELoss::MSELoss(const MseLossOptions& options) : options_(options) {}

Tensor MSELoss::forward(const Tensor& input, const Tensor& target) {
  return mse_loss(input, target, options_, call_site());
}

}  // namespace tarn::nn
