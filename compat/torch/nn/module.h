#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include <torch/ordered_dict.h>
#include <torch/tensor_options.h>
#include <torch/types.h>

#include <tarn/nn/detail/class_name.h>
#include <tarn/nn/module.h>

namespace torch::nn {

class Module;

namespace detail {

/// What a module of libtorch's registers in: a module of tarn's, named after its owner's class.
struct Registry : tarn::nn::Module {
  std::string type_name() const override { return owner; }
  std::string owner = "Module";
};

template <class T>
concept Holder = requires(T& holder) {
  typename T::ContainedType;
  { holder.ptr() } -> std::convertible_to<std::shared_ptr<Module>>;
};

}  // namespace detail

/// Base of modules with libtorch's interface: what one registers is shared with whoever holds it.
///
///   struct Net : torch::nn::Module {
///     Net() : fc(784, 10) { register_module("fc", fc); }
///     torch::Tensor forward(torch::Tensor x) { return fc->forward(x); }
///     torch::nn::Linear fc;
///   };
///
/// It keeps its parameters, buffers and children in a module of tarn's, core(), which tarn's
/// functions take: `tarn::nn::summary(net.core())`. A copy shares all of them.
class Module : public std::enable_shared_from_this<Module> {
 public:
  Module() : core_(std::make_shared<detail::Registry>()) {}
  /// `name` is what name() returns.
  explicit Module(std::string name) : Module() { name_ = std::move(name); }
  virtual ~Module() = default;

  // ---- registering: throws as tarn::nn::Module::add(), parameter() and buffer() ----------------

  template <std::derived_from<Module> M>
  std::shared_ptr<M> register_module(std::string name, std::shared_ptr<M> module) {
    if (!module) throw tarn::ValueError("register_module(\"" + name + "\"): the module is null");
    module->name_core();
    core_->add(name, module->core_);
    children_.insert(std::move(name), module);
    return module;
  }
  template <detail::Holder H>
  std::shared_ptr<typename H::ContainedType> register_module(std::string name, H holder) {
    return register_module(std::move(name), holder.ptr());
  }
  Tensor& register_parameter(std::string name, Tensor tensor, bool requires_grad = true) {
    Tensor& parameter = core_->parameter(std::move(name), std::move(tensor));
    if (parameter.defined()) parameter.requires_grad_(requires_grad);
    return parameter;
  }
  Tensor& register_buffer(std::string name, Tensor tensor) {
    return core_->buffer(std::move(name), std::move(tensor));
  }

  // ---- what it is made of ---------------------------------------------------------------------

  std::vector<Tensor> parameters() const { return core_->parameters(); }
  OrderedDict<std::string, Tensor> named_parameters() const {
    return dict(core_->named_parameters());
  }
  std::vector<Tensor> buffers() const { return named_buffers().values(); }
  OrderedDict<std::string, Tensor> named_buffers() const { return dict(core_->named_buffers()); }

  std::vector<std::shared_ptr<Module>> children() const { return children_.values(); }
  const OrderedDict<std::string, std::shared_ptr<Module>>& named_children() const {
    return children_;
  }
  /// This module, unless `include_self` is false, and all below. This module must belong to a
  /// shared_ptr to be included.
  std::vector<std::shared_ptr<Module>> modules(bool include_self = true) {
    std::vector<std::shared_ptr<Module>> all;
    if (include_self) all.push_back(shared_from_this());
    for (const auto& child : children_) {
      for (auto& module : child.value()->modules()) all.push_back(std::move(module));
    }
    return all;
  }
  /// Calls `function` with this module and then with all below.
  void apply(const std::function<void(Module&)>& function) {
    function(*this);
    for (const auto& child : children_) child.value()->apply(function);
  }

  /// This module as a Conv2d, say: null when it is none. T is a holder or what a holder holds.
  template <class T>
  auto as() {
    if constexpr (detail::Holder<T>) {
      return dynamic_cast<typename T::ContainedType*>(this);
    } else {
      return dynamic_cast<T*>(this);
    }
  }

  /// The name of the class without its namespaces, unless the constructor was given one.
  std::string name() const {
    if (!name_.empty()) return name_;
    std::string type = tarn::nn::detail::class_name(typeid(*this));
    if (type.ends_with("Impl")) type.resize(type.size() - 4);
    return type;
  }

  // ---- state ----------------------------------------------------------------------------------

  virtual void train(bool on = true) { core_->train(on); }
  void eval() { train(false); }
  bool is_training() const { return core_->is_training(); }
  void zero_grad(bool set_to_none = true) { core_->zero_grad(set_to_none); }

  /// Throws ValueError for another device than the CPU.
  virtual void to(Device device, bool /*non_blocking*/ = false) { TensorOptions().device(device); }
  virtual void to(Dtype dtype, bool /*non_blocking*/ = false) { core_->to(dtype); }
  virtual void to(Device device, Dtype dtype, bool /*non_blocking*/ = false) {
    to(device);
    to(dtype);
  }

  tarn::nn::Module& core() const {
    name_core();
    return *core_;
  }

 protected:
  explicit Module(std::shared_ptr<tarn::nn::Module> core) : core_(std::move(core)) {}

 private:
  static OrderedDict<std::string, Tensor> dict(const tarn::nn::NamedTensors& tensors) {
    OrderedDict<std::string, Tensor> dict;
    for (const auto& [name, tensor] : tensors) dict.insert(name, tensor);
    return dict;
  }

  // Not in the constructor: there, the object is no more than a Module yet.
  void name_core() const {
    if (auto* const registry = dynamic_cast<detail::Registry*>(core_.get())) {
      registry->owner = name();
    }
  }

  std::shared_ptr<tarn::nn::Module> core_;
  OrderedDict<std::string, std::shared_ptr<Module>> children_;
  std::string name_;
};

/// The tree of modules, as tarn prints it.
inline std::ostream& operator<<(std::ostream& out, const Module& module) {
  return out << tarn::nn::to_string(module.core());
}

}  // namespace torch::nn
