#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <torch/nn/module_holder.h>

#include <tarn/tensor/str.h>

namespace torch::nn {

/// Any module that makes a tensor of a tensor.
class AnyModule {
 public:
  template <std::derived_from<Module> M>
  AnyModule(std::shared_ptr<M> module)  // NOLINT(google-explicit-constructor)
      : module_(module),
        forward_([module = module.get()](const Tensor& x) { return module->forward(x); }) {
    if (!module) throw tarn::ValueError("AnyModule: the module is null");
  }
  template <detail::Holder H>
  AnyModule(const H& holder)  // NOLINT(google-explicit-constructor)
      : AnyModule(holder.ptr()) {}
  template <std::derived_from<Module> M>
  AnyModule(M module)  // NOLINT(google-explicit-constructor)
      : AnyModule(std::make_shared<M>(std::move(module))) {}

  Tensor forward(const Tensor& x) const { return forward_(x); }
  const std::shared_ptr<Module>& ptr() const { return module_; }

 private:
  std::shared_ptr<Module> module_;
  std::function<Tensor(const Tensor&)> forward_;
};

/// A module under a name of its own in a Sequential: `Sequential({{"conv1", Conv2d(1, 8, 5)},
/// ...})`.
struct NamedAnyModule {
  template <class M>
  NamedAnyModule(std::string module_name, M any) : name(std::move(module_name)), module(any) {}
  std::string name;
  AnyModule module;
};

/// Modules one after the other, named "0", "1", ... unless they have names of their own. forward()
/// of one without any returns its input.
class SequentialImpl : public Module {
 public:
  SequentialImpl() = default;
  SequentialImpl(std::initializer_list<NamedAnyModule> modules) {
    for (const NamedAnyModule& named : modules) push_back(named.name, named.module);
  }
  template <class... Modules>
  requires(sizeof...(Modules) > 0 && (std::constructible_from<AnyModule, Modules> &&
                                      ...)) explicit SequentialImpl(Modules&&... modules) {
    (push_back(std::forward<Modules>(modules)), ...);
  }

  void push_back(AnyModule module) { push_back(std::to_string(size()), std::move(module)); }
  void push_back(std::string name, AnyModule module) {
    register_module(std::move(name), module.ptr());
    modules_.push_back(std::move(module));
  }

  Tensor forward(Tensor x) {
    for (const AnyModule& module : modules_) x = module.forward(x);
    return x;
  }

  std::size_t size() const { return modules_.size(); }
  bool is_empty() const { return modules_.empty(); }
  /// Throws IndexError when there is none at `index`, ValueError when it is another module than M.
  template <std::derived_from<Module> M>
  M& at(std::size_t index) const {
    if (M* const module = dynamic_cast<M*>(ptr(index).get())) return *module;
    throw tarn::ValueError(
        tarn::str("Sequential::at(", index, "): the module is a ", ptr(index)->name()));
  }
  std::shared_ptr<Module> ptr(std::size_t index) const {
    if (index < size()) return modules_[index].ptr();
    throw tarn::IndexError(tarn::str("Sequential: index ", index, ": it has ", size(), " modules"));
  }
  std::shared_ptr<Module> operator[](std::size_t index) const { return ptr(index); }

 private:
  std::vector<AnyModule> modules_;
};

class Sequential : public ModuleHolder<SequentialImpl> {
 public:
  using ModuleHolder::ModuleHolder;
  using Impl = SequentialImpl;
  Sequential() = default;
  Sequential(std::initializer_list<NamedAnyModule> modules)
      : ModuleHolder(std::make_shared<SequentialImpl>(modules)) {}
};

/// Modules that the module holding the list calls as it likes.
class ModuleListImpl : public Module {
 public:
  ModuleListImpl() = default;
  template <class... Modules>
  requires(sizeof...(Modules) > 0 &&
           (!std::derived_from<std::remove_cvref_t<Modules>, ModuleListImpl> &&
            ...)) explicit ModuleListImpl(Modules&&... modules) {
    (push_back(std::forward<Modules>(modules)), ...);
  }

  template <std::derived_from<Module> M>
  void push_back(std::shared_ptr<M> module) {
    register_module(std::to_string(modules_.size()), module);
    modules_.push_back(std::move(module));
  }
  template <detail::Holder H>
  void push_back(const H& holder) {
    push_back(holder.ptr());
  }

  std::size_t size() const { return modules_.size(); }
  bool is_empty() const { return modules_.empty(); }
  auto begin() const { return modules_.begin(); }
  auto end() const { return modules_.end(); }
  /// Throws IndexError when there is none at `index`.
  std::shared_ptr<Module> operator[](std::size_t index) const {
    if (index < size()) return modules_[index];
    throw tarn::IndexError(tarn::str("ModuleList: index ", index, ": it has ", size(), " modules"));
  }
  /// The same as what it is. Throws ValueError when it is another module.
  template <std::derived_from<Module> M>
  M& at(std::size_t index) const {
    const std::shared_ptr<Module> module = (*this)[index];
    if (M* const cast = dynamic_cast<M*>(module.get())) return *cast;
    throw tarn::ValueError(
        tarn::str("ModuleList::at(", index, "): the module is a ", module->name()));
  }

 private:
  std::vector<std::shared_ptr<Module>> modules_;
};
TORCH_MODULE(ModuleList);

}  // namespace torch::nn
