#pragma once

#include <functional>

#include <tarn/nn/module.h>

namespace tarn::nn {

/// Measures the running statistics of all BatchNorm layers below `model` anew, as plain means over
/// the batches that `pass` sends through it in training mode and without gradients. After a model
/// got other weights than those that its statistics were measured with, as from AveragedModel
/// (Izmailov et al. 2018, section 3.2). Modes and momenta are restored, also when `pass` throws.
void update_bn(Module& model, const std::function<void()>& pass);

/// The same with the data of all batches of a loader:
///
///   average.copy_to_model();
///   nn::update_bn(loader, model);
template <class Loader>
void update_bn(Loader& loader, Module& model) {
  update_bn(model, [&] {
    for (auto& batch : loader) model(batch.data);
  });
}

}  // namespace tarn::nn
