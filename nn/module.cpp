#include <algorithm>
#include <unordered_set>

#include <tarn/autograd/detail/profile_scope.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/nn/detail/forward_observer.h>
#include <tarn/nn/module.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
Module::~Module() = default;

void Module::check_name(const char* op, const std::string& name) const {
  const auto refuse = [&](const char* problem) {
    throw ValueError(str(op, "(\"", name, "\") in ", type_name(), ": ", problem));
  };
  if (name.empty()) refuse("the name is empty: expected one such as \"fc1\"");
  if (name.find('.') != std::string::npos) {
    refuse("the name has a dot: dots separate the names of nested modules; use another character");
  }
  const auto is_taken = [&](const auto& entry) { return entry.first == name; };
  if (std::ranges::any_of(children_, is_taken)) {
    refuse("this module already has a child of that name: expected each name once");
  }
  if (std::ranges::any_of(parameters_, is_taken) || std::ranges::any_of(buffers_, is_taken)) {
    refuse("this module already has a tensor of that name: expected each name once");
  }
}

void Module::add_child(const std::string& name, std::shared_ptr<Module> child) {
  check_name("add", name);
  if (!child) throw ValueError(str("add(\"", name, "\") in ", type_name(), ": the module is null"));
  children_.emplace_back(name, std::move(child));
}

Tensor& Module::parameter(std::string name, Tensor tensor) {
  check_name("parameter", name);
  if (tensor.defined()) {
    if (!tensor.is_leaf()) {
      throw ValueError(str("parameter(\"", name, "\") in ", type_name(),
                           ": the tensor is the result of ", tensor.grad_fn_name(),
                           ": expected a leaf; detach() it first"));
    }
    tensor.requires_grad_();
  }
  parameters_.emplace_back(std::move(name), std::make_unique<Tensor>(std::move(tensor)));
  return *parameters_.back().second;
}

Tensor& Module::buffer(std::string name, Tensor tensor) {
  check_name("buffer", name);
  buffers_.emplace_back(std::move(name), std::make_unique<Tensor>(std::move(tensor)));
  return *buffers_.back().second;
}

Tensor Module::forward(const Tensor&) {
  throw Error(str(type_name(),
                  ": forward(const Tensor&) is not overridden: this module takes other ",
                  "inputs; call its own forward()"));
}

Tensor Module::operator()(const Tensor& x, Where where) {
  const CallSiteGuard guard(where);
  const tarn::detail::ProfileScope profile([this] { return type_name(); });
  Tensor output = forward(x);
  if (const auto* observer = detail::ForwardObserver::current()) observer->called(*this, x, output);
  return output;
}

void Module::train(bool on) {
  training_ = on;
  for (const auto& [name, child] : children_) child->train(on);
}

void Module::list(Listing what, const std::string& prefix, NamedTensors& out) const {
  const auto append = [&](const Slots& slots) {
    for (const auto& [name, tensor] : slots) {
      if (tensor->defined()) out.emplace_back(prefix + name, *tensor);
    }
  };
  if (what != Listing::buffers) append(parameters_);
  if (what != Listing::parameters) append(buffers_);
  for (const auto& [name, child] : children_) child->list(what, str(prefix, name, "."), out);
}

NamedTensors Module::list(Listing what) const {
  NamedTensors entries;
  list(what, "", entries);
  return entries;
}

NamedTensors Module::each_once(NamedTensors entries) {
  std::unordered_set<const TensorImpl*> seen;
  std::erase_if(entries,
                [&](const auto& entry) { return !seen.insert(&entry.second.impl()).second; });
  return entries;
}

NamedTensors Module::named_parameters() const { return each_once(list(Listing::parameters)); }

NamedTensors Module::named_buffers() const { return each_once(list(Listing::buffers)); }

std::vector<Tensor> Module::parameters() const {
  std::vector<Tensor> tensors;
  for (auto& [name, tensor] : named_parameters()) tensors.push_back(std::move(tensor));
  return tensors;
}

std::vector<Module*> Module::children() const {
  std::vector<Module*> modules;
  for (const auto& [name, child] : children_) modules.push_back(child.get());
  return modules;
}

std::vector<std::pair<std::string, Module*>> Module::named_modules() {
  std::vector<std::pair<std::string, Module*>> modules{{"", this}};
  for (const auto& [name, child] : children_) {
    for (const auto& [below, module] : child->named_modules()) {
      modules.emplace_back(below.empty() ? name : str(name, ".", below), module);
    }
  }
  return modules;
}

void Module::apply(const std::function<void(Module&)>& f) {
  for (const auto& [name, child] : children_) child->apply(f);
  f(*this);
}

std::int64_t Module::num_parameters() const {
  std::int64_t count = 0;
  for (const Tensor& tensor : parameters()) count += tensor.numel();
  return count;
}

void Module::zero_grad(bool set_to_none) {
  const NoGradGuard no_grad;
  for (const Tensor& tensor : parameters()) {
    if (set_to_none) {
      tensor.set_grad({});
    } else if (const Tensor grad = tensor.grad(); grad.defined()) {
      grad.zero_();
      tensor.impl().grad_was_stepped = false;
    }
  }
}

void Module::requires_grad_(bool requires_grad) {
  for (const Tensor& tensor : parameters()) tensor.requires_grad_(requires_grad);
}

}  // namespace tarn::nn
