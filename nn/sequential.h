#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>

#include <tarn/nn/module.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {

/// Modules one after the other; each must take one tensor. Without any it returns its input.
///
///   nn::Sequential net(nn::Flatten(), nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 10));
///   Tensor y = net(x);
///   net.at<nn::Linear>(1).weight;
///
/// The modules are named "0", "1", ...; add("fc1", nn::Linear(784, 128)) appends one under a name
/// of its own. Sequentials nest. When no module takes arguments write braces, `net{nn::ReLU()}`:
/// with parentheses C++ reads the declaration of a function.
class Sequential : public Module {
 public:
  Sequential() = default;
  Sequential(Sequential&&) noexcept = default;

  template <std::derived_from<Module>... M>
  explicit Sequential(M... modules) {
    (push_back(std::move(modules)), ...);
  }
  /// One module derived from Sequential could be meant as a child or as the thing to move from:
  /// use push_back().
  template <std::derived_from<Sequential> M>
  explicit Sequential(M module) = delete;

  /// Appends a module; the reference stays valid.
  template <std::derived_from<Module> M>
  M& push_back(M module) {
    return add(std::to_string(size()), std::move(module));
  }
  template <std::derived_from<Module> M>
  M& push_back(std::unique_ptr<M> module) {
    return add(std::to_string(size()), std::move(module));
  }

  std::int64_t size() const { return static_cast<std::int64_t>(named_children().size()); }

  /// The module at `index`, which may count from the end. Throws IndexError.
  Module& operator[](std::int64_t index) const;
  /// The same as what it is. Throws ValueError when it is another type of module.
  template <std::derived_from<Module> M>
  M& at(std::int64_t index) const {
    Module& module = (*this)[index];
    M* const cast = dynamic_cast<M*>(&module);
    if (!cast)
      throw ValueError(str("Sequential::at(", index, "): the module is a ", module.type_name()));
    return *cast;
  }

  Tensor forward(const Tensor& x) override;
};

}  // namespace tarn::nn
