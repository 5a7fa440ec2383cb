#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include <torch/macros.h>
#include <torch/nn/module.h>

namespace torch::nn {

/// A handle on a module that its copies share, as tensors do. TORCH_MODULE(Net) defines one called
/// Net for a class NetImpl:
///
///   struct NetImpl : torch::nn::Module { ... };
///   TORCH_MODULE(Net);
///   Net net(64);                   // arguments of NetImpl's constructor
///   torch::Tensor y = net(x);      // NetImpl::forward
///   net->parameters();
///
/// One made of nullptr is empty: using it throws ValueError.
template <class Contained>
class ModuleHolder {
 public:
  using ContainedType = Contained;

  ModuleHolder() : module_(std::make_shared<Contained>()) {}
  ModuleHolder(std::nullptr_t) {}                  // NOLINT(google-explicit-constructor)
  ModuleHolder(std::shared_ptr<Contained> module)  // NOLINT(google-explicit-constructor)
      : module_(std::move(module)) {}
  template <class First, class... Rest>
  requires(
      !std::derived_from<std::remove_cvref_t<First>, ModuleHolder> &&
      !std::convertible_to<First, std::shared_ptr<Contained>>) explicit ModuleHolder(First&& first,
                                                                                     Rest&&... rest)
      : module_(
            std::make_shared<Contained>(std::forward<First>(first), std::forward<Rest>(rest)...)) {}

  Contained* get() const {
    if (!module_) throw tarn::ValueError("the module holder is empty: assign a module to it first");
    return module_.get();
  }
  Contained* operator->() const { return get(); }
  Contained& operator*() const { return *get(); }
  const std::shared_ptr<Contained>& ptr() const { return module_; }
  bool is_empty() const { return !module_; }
  explicit operator bool() const { return !is_empty(); }

  template <class... Arguments>
  auto operator()(Arguments&&... arguments) const {
    return get()->forward(std::forward<Arguments>(arguments)...);
  }

 private:
  std::shared_ptr<Contained> module_;
};

template <class Contained>
std::ostream& operator<<(std::ostream& out, const ModuleHolder<Contained>& holder) {
  return out << *holder;
}

}  // namespace torch::nn
