#pragma once

#include <array>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/node.h>
#include <tarn/autograd/saved_tensor.h>
#include <tarn/tensor/tensor.h>

namespace tarn {

/// An input of an op together with the gradient with respect to it.
template <class F>
struct Gradient {
  const Tensor& input;
  F function;
};

/// "The gradient with respect to `input` is `function(g)`", where g is the gradient of the op's
/// output. The function is written with differentiable ops, so that second derivatives need no
/// extra code; what it needs of the op's tensors it captures as `saved(x)`. It only runs, and only
/// keeps its captures, when `input` requires grad. One with a member `RowGradients rows(g)` also
/// serves per_sample_gradients().
template <class F>
Gradient<F> wrt(const Tensor& input, F function) {
  return {input, std::move(function)};
}

namespace detail {

/// Throws AutogradError when `input` is a view whose elements a recorded in-place op has since
/// changed.
void check_history(const Op& op, const Tensor& input);

/// Makes `node` the history of `value`.
void set_history(const Tensor& value, const intrusive_ptr<Node>& node);

inline bool needs_gradient(const Tensor& input) { return input.defined() && input.requires_grad(); }

template <class... F>
class OpNode final : public Node {
 public:
  OpNode(const Op& op, const Where& where, Gradient<F>&... gradients) : Node(op.name(), where) {
    keep(std::index_sequence_for<F...>(), gradients...);
    set_edges(edges_);
  }

  Tensor input_gradient(std::size_t i, const Tensor& grad) override {
    return call(i, grad, std::index_sequence_for<F...>());
  }

  RowGradients row_gradients(std::size_t i, const Tensor& grad) override {
    return call_rows(i, grad, std::index_sequence_for<F...>());
  }

  void release_saved() override {
    std::apply([](auto&... function) { (function.reset(), ...); }, functions_);
  }

 private:
  template <std::size_t... I>
  void keep(std::index_sequence<I...>, Gradient<F>&... gradients) {
    (keep_one<I>(gradients), ...);
  }
  template <std::size_t I, class G>
  void keep_one(G& gradient) {
    if (!needs_gradient(gradient.input)) return;
    edges_[I] = gradient_node(gradient.input);
    std::get<I>(functions_).emplace(std::move(gradient.function));
  }
  template <std::size_t... I>
  Tensor call(std::size_t i, const Tensor& grad, std::index_sequence<I...>) {
    Tensor result;
    ((i == I ? void(result = (*std::get<I>(functions_))(grad)) : void()), ...);
    return result;
  }

  template <std::size_t... I>
  RowGradients call_rows(std::size_t i, const Tensor& grad, std::index_sequence<I...>) {
    RowGradients result;
    ((i == I ? void(result = rows_of(*std::get<I>(functions_), grad)) : void()), ...);
    return result;
  }
  template <class G>
  static RowGradients rows_of(G& function, const Tensor& grad) {
    if constexpr (requires { function.rows(grad); }) return function.rows(grad);
    return {};
  }

  std::array<Edge, sizeof...(F)> edges_;
  std::tuple<std::optional<F>...> functions_;
};

// For an op with any number of inputs of one kind.
template <class F>
class ListNode final : public Node {
 public:
  ListNode(const Op& op, const Where& where, std::span<const Tensor> inputs, F function)
      : Node(op.name(), where), edges_(inputs.size()), function_(std::move(function)) {
    for (std::size_t i = 0; i < inputs.size(); ++i) edges_[i] = gradient_node(inputs[i]);
    set_edges(edges_);
  }
  Tensor input_gradient(std::size_t i, const Tensor& grad) override {
    return (*function_)(i, grad);
  }
  void release_saved() override { function_.reset(); }

 private:
  std::vector<Edge> edges_;
  std::optional<F> function_;
};

}  // namespace detail

/// Gives `value`, just computed by `op`, its place in the graph: the gradient functions that `wrt`
/// lists. Returns `value`; it stays outside the graph under NoGradGuard or when no input requires
/// grad.
template <class... F>
Tensor record(const Op& op, const Where& where, Tensor value, Gradient<F>... gradients) {
  if (!is_grad_enabled()) return value;
  (detail::check_history(op, gradients.input), ...);
  if (!(detail::needs_gradient(gradients.input) || ...)) return value;
  detail::set_history(value,
                      intrusive_ptr<Node>(new detail::OpNode<F...>(op, where, gradients...)));
  return value;
}

/// The same for an op on a list: the gradient with respect to inputs[i] is `function(i, g)`.
template <class F>
Tensor record_list(const Op& op, const Where& where, Tensor value, std::span<const Tensor> inputs,
                   F function) {
  if (!is_grad_enabled()) return value;
  bool needed = false;
  for (const Tensor& input : inputs) {
    detail::check_history(op, input);
    needed = needed || detail::needs_gradient(input);
  }
  if (!needed) return value;
  detail::set_history(
      value, intrusive_ptr<Node>(new detail::ListNode<F>(op, where, inputs, std::move(function))));
  return value;
}

}  // namespace tarn
