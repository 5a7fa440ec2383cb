#pragma once

#include <concepts>
#include <memory>
#include <utility>

#include <tarn/nn/module.h>

namespace tarn::nn {

/// Makes `to` equal to `from`: values and type of parameters and buffers, which parameters are
/// frozen, the mode of each module. Gradients are not copied. Throws ValueError naming the first
/// difference when the two are not made of the same modules and tensors; no value has changed then.
void copy_state(const Module& from, Module& to);

/// A copy of `model` that shares nothing with it: what `make` returns, with the state of `model`.
///
///   auto twin = nn::clone(model);                              // MLP() can be made like that
///   auto twin = nn::clone(net, [] { return make_net(64); });   // in all other cases
///
/// A model holds references to its layers, and C++ cannot copy those: the copy of a struct would
/// refer to the layers of the original. So a second one is made, and its state set. Throws as
/// copy_state().
template <std::derived_from<Module> M, std::invocable Make>
std::unique_ptr<M> clone(const M& model, Make make) {
  auto twin = std::make_unique<M>(make());
  copy_state(model, *twin);
  return twin;
}
template <std::derived_from<Module> M>
requires std::default_initializable<M> std::unique_ptr<M> clone(const M& model) {
  return clone(model, [] { return M(); });
}

}  // namespace tarn::nn
