#pragma once

#include <concepts>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <torch/types.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/function.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/node.h>

namespace torch {

using tarn::NoGradGuard;
using AutoGradMode = tarn::GradModeGuard;

struct GradMode {
  static bool is_enabled() { return tarn::is_grad_enabled(); }
};

/// A value of one of a few types, which it is asked for by name.
class IValue {
 public:
  IValue() = default;
  IValue(bool value) : value_(value) {}                              // NOLINT
  IValue(std::integral auto value) : value_(std::int64_t{value}) {}  // NOLINT
  IValue(std::floating_point auto value) : value_(double{value}) {}  // NOLINT
  IValue(Tensor value) : value_(std::move(value)) {}                 // NOLINT
  IValue(std::string value) : value_(std::move(value)) {}            // NOLINT
  IValue(const char* value) : value_(std::string(value)) {}          // NOLINT
  IValue(const IntArrayRef& value)                                   // NOLINT
      : value_(std::vector<std::int64_t>(value.begin(), value.end())) {}
  IValue(std::vector<std::int64_t> value) : value_(std::move(value)) {}  // NOLINT

  // Throw ValueError when it is another type.
  bool toBool() const { return get<bool>("bool"); }
  std::int64_t toInt() const { return get<std::int64_t>("int"); }
  double toDouble() const { return get<double>("double"); }
  const Tensor& toTensor() const { return get<Tensor>("Tensor"); }
  const std::string& toStringRef() const { return get<std::string>("string"); }
  const std::vector<std::int64_t>& toIntVector() const {
    return get<std::vector<std::int64_t>>("int[]");
  }
  bool isNone() const { return std::holds_alternative<std::monostate>(value_); }

 private:
  template <class T>
  const T& get(const char* type) const {
    if (const T* const value = std::get_if<T>(&value_)) return *value;
    throw tarn::ValueError(std::string("IValue: ") + (isNone() ? "it is empty" : "another type") +
                           ": expected " + type);
  }

  std::variant<std::monostate, bool, std::int64_t, double, Tensor, std::string,
               std::vector<std::int64_t>>
      value_;
};

namespace autograd {

using Variable = Tensor;
using variable_list = std::vector<Tensor>;
using tensor_list = std::vector<Tensor>;
using Node = tarn::Node;

/// The gradients of `outputs` with respect to `inputs`; see tarn::grad.
inline constexpr auto grad = [](const variable_list& outputs, const variable_list& inputs,
                                const variable_list& grad_outputs = {},
                                std::optional<bool> retain_graph = {}, bool create_graph = false,
                                bool allow_unused = false) {
  return tarn::grad(outputs, inputs,
                    {.grad_outputs = grad_outputs,
                     .retain_graph = retain_graph.value_or(create_graph),
                     .create_graph = create_graph,
                     .allow_unused = allow_unused});
};

/// What a Function's forward leaves for its backward.
class AutogradContext : public tarn::FunctionContext {
 public:
  variable_list get_saved_variables() const { return saved_tensors(); }

  std::map<std::string, IValue> saved_data;

 private:
  template <class>
  friend class Function;
  std::vector<bool> is_tensor_;  // of each argument of forward
};

/// Base of a differentiable function written by hand, with libtorch's signatures:
///
///   struct Scale : torch::autograd::Function<Scale> {
///     static Tensor forward(AutogradContext* ctx, Tensor x, double factor);
///     static tensor_list backward(AutogradContext* ctx, tensor_list grad_outputs);
///   };
///   Tensor y = Scale::apply(x, 2.0);
///
/// backward returns one gradient for each argument of forward, undefined for those that are no
/// tensors, which apply() or backward() check. See tarn::Function for what else they throw.
template <class Self>
class Function {
 public:
  template <class... Arguments>
  requires(sizeof...(Arguments) > 0) static auto apply(Arguments&&... arguments) {
    const auto context = std::make_shared<AutogradContext>();
    context->is_tensor_ = {std::convertible_to<Arguments, Tensor>...};
    std::vector<Tensor> tensors;
    (collect(tensors, arguments), ...);
    tarn::detail::FunctionCall call(typeid(Self), tarn::Where(), context, std::move(tensors));
    auto outputs = [&] {
      const NoGradGuard outside;
      return Self::forward(context.get(), std::forward<Arguments>(arguments)...);
    }();
    call.record(tarn::detail::as_span(outputs), &Function::backward_of);
    return outputs;
  }

 private:
  template <class Argument>
  static void collect(std::vector<Tensor>& tensors, const Argument& argument) {
    static_assert(!std::is_same_v<Argument, variable_list>,
                  "pass tensors as separate arguments: those in a vector would get no gradient");
    if constexpr (std::convertible_to<Argument, Tensor>) tensors.push_back(argument);
  }

  // The gradients of the tensors among the arguments.
  static variable_list backward_of(tarn::FunctionContext& base, const variable_list& gradients) {
    auto& context = static_cast<AutogradContext&>(base);
    const variable_list results = Self::backward(&context, gradients);
    variable_list of_tensors;
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (i < context.is_tensor_.size() && context.is_tensor_[i]) {
        of_tensors.push_back(results[i]);
      } else if (results[i].defined()) {
        throw tarn::ValueError(
            "backward: gradient " + std::to_string(i) +
            " belongs to an argument of forward that is no tensor: expected an undefined tensor");
      }
    }
    return of_tensors;
  }
};

}  // namespace autograd
}  // namespace torch
