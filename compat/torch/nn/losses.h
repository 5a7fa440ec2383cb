#pragma once

#include <torch/nn/module_holder.h>
#include <torch/nn/options.h>

#include <tarn/nn/loss.h>

namespace torch::nn {

/// A loss of tarn's as a module of libtorch's.
template <class Core, class Options>
class LossLayer : public Module {
 public:
  explicit LossLayer(const Options& options_ = {})
      : Module(std::make_shared<Core>(options_)), options(options_) {}

  Tensor forward(const Tensor& input, const Tensor& target,
                 tarn::Where where = tarn::Where::current()) {
    return static_cast<Core&>(core())(input, target, where);
  }

  Options options;
};

struct MSELossImpl : LossLayer<tarn::nn::MSELoss, MSELossOptions> {
  using LossLayer::LossLayer;
};
struct L1LossImpl : LossLayer<tarn::nn::L1Loss, L1LossOptions> {
  using LossLayer::LossLayer;
};
struct SmoothL1LossImpl : LossLayer<tarn::nn::SmoothL1Loss, SmoothL1LossOptions> {
  using LossLayer::LossLayer;
};
struct HuberLossImpl : LossLayer<tarn::nn::HuberLoss, HuberLossOptions> {
  using LossLayer::LossLayer;
};
struct BCELossImpl : LossLayer<tarn::nn::BCELoss, BCELossOptions> {
  using LossLayer::LossLayer;
};
struct BCEWithLogitsLossImpl : LossLayer<tarn::nn::BCEWithLogitsLoss, BCEWithLogitsLossOptions> {
  using LossLayer::LossLayer;
};
struct CrossEntropyLossImpl : LossLayer<tarn::nn::CrossEntropyLoss, CrossEntropyLossOptions> {
  using LossLayer::LossLayer;
};
struct NLLLossImpl : LossLayer<tarn::nn::NLLLoss, NLLLossOptions> {
  using LossLayer::LossLayer;
};
struct KLDivLossImpl : LossLayer<tarn::nn::KLDivLoss, KLDivLossOptions> {
  using LossLayer::LossLayer;
};
TORCH_MODULE(MSELoss);
TORCH_MODULE(L1Loss);
TORCH_MODULE(SmoothL1Loss);
TORCH_MODULE(HuberLoss);
TORCH_MODULE(BCELoss);
TORCH_MODULE(BCEWithLogitsLoss);
TORCH_MODULE(CrossEntropyLoss);
TORCH_MODULE(NLLLoss);
TORCH_MODULE(KLDivLoss);

}  // namespace torch::nn
