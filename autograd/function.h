#pragma once

#include <memory>
#include <span>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/saved_tensor.h>
#include <tarn/tensor/tensor.h>

namespace tarn {

namespace detail {
class FunctionNode;
class FunctionCall;
}  // namespace detail

/// What a Function's forward leaves for its backward.
class FunctionContext {
 public:
  /// Keeps inputs and outputs of the function, with a check that they are not changed in place
  /// until backward. Second derivatives take any other tensor as a constant: save the inputs and
  /// compute it again where that is wrong. An output kept as an attribute instead would own its
  /// graph in a circle.
  void save_for_backward(std::vector<Tensor> tensors) { to_save_ = std::move(tensors); }
  /// In backward: what was saved, in that order. Throws AutogradError, naming the function and its
  /// line, for a tensor that was changed since, and when nothing was saved.
  std::vector<Tensor> saved_tensors() const;
  /// In forward: these outputs get no gradient; integer outputs never do.
  void mark_non_differentiable(std::vector<Tensor> outputs) {
    non_differentiable_ = std::move(outputs);
  }
  /// Whether backward must give the gradient of tensor argument `i`, counted from 0 over the tensor
  /// arguments; others are dropped.
  bool needs_input_grad(std::size_t i) const { return needs_input_grad_.at(i); }

 private:
  friend class detail::FunctionNode;
  friend class detail::FunctionCall;
  struct Saved {
    SavedTensor tensor;
    std::size_t output;  // which of several outputs it is, or kNone
  };
  static constexpr std::size_t kNone = ~std::size_t{0};

  std::vector<Tensor> to_save_;
  std::vector<Saved> saved_;
  std::vector<Tensor> non_differentiable_;
  std::vector<bool> needs_input_grad_;
  detail::FunctionNode* node_ = nullptr;
};

namespace detail {

/// A Function's first argument, which brings the line of the call along.
struct FirstArgument {
  FirstArgument(const Tensor& first, Where place = Where::current())
      : tensor(first), where(place) {}
  const Tensor& tensor;
  Where where;
};

using FunctionBackward = std::vector<Tensor> (*)(FunctionContext&, const std::vector<Tensor>&);

/// One call of a Function: prepares its context, then records its outputs.
class FunctionCall {
 public:
  FunctionCall(const std::type_info& function, const Where& where,
               std::shared_ptr<FunctionContext> context, std::vector<Tensor> inputs);
  /// Gives the outputs their place in the graph.
  void record(std::span<Tensor> outputs, FunctionBackward backward);

 private:
  const char* name_;
  Where where_;
  std::shared_ptr<FunctionContext> context_;
  std::vector<Tensor> inputs_;
  std::vector<std::uint32_t> versions_;
  bool recorded_;
};

template <class C, class G, class R>
C context_type(R (*)(C&, G));

inline std::span<Tensor> as_span(Tensor& one) { return {&one, 1}; }
template <class Several>
std::span<Tensor> as_span(Several& tensors) {
  return tensors;
}

}  // namespace detail

/// Base of a differentiable function written by hand: a forward and a backward, after PyTorch's
/// torch.autograd.Function.
///
///     struct Swish : Function<Swish> {
///       struct Context : FunctionContext { double beta = 1; };  // only for attributes
///       static Tensor forward(Context& ctx, const Tensor& x, double beta) {
///         ctx.beta = beta;
///         ctx.save_for_backward({x});
///         return x * sigmoid(x * beta);
///       }
///       static Tensor backward(Context& ctx, const Tensor& g) {
///         const Tensor x = ctx.saved_tensors()[0];
///         const Tensor s = sigmoid(x * ctx.beta);
///         return g * s * (1 + x * (1 - s) * ctx.beta);
///       }
///     };
///     Tensor y = Swish::apply(x, 1.5);
///
/// `forward` takes a context, a tensor, and whatever else it needs; it runs outside the graph and
/// returns a Tensor, or a std::vector or std::array of them. `backward` takes the context and the
/// gradient of the output, or a std::vector with those of all outputs (zeros where none arrived),
/// and returns the gradient of the one tensor argument, or a vector or array of them: one for each
/// tensor argument of forward, in their order, undefined where it is zero or not needed. A gradient
/// of the shape that an argument was broadcast to is summed to the argument's. Other arguments have
/// no gradient. It is differentiable as often as the ops that it is written with.
///
/// apply() throws AutogradError when forward changed an input in place; backward() throws, naming
/// the function and the line of apply(), ValueError for another number of gradients and ShapeError
/// or DTypeError for one of another form.
template <class Self>
class Function {
 public:
  template <class... Rest>
  static auto apply(detail::FirstArgument first, Rest&&... rest) {
    static_assert(!(std::is_same_v<std::remove_cvref_t<Rest>, std::vector<Tensor>> || ...),
                  "a Function takes its tensors as separate arguments: those in a vector would get "
                  "no gradient");
    using Context = decltype(detail::context_type(&Self::backward));
    std::vector<Tensor> inputs{first.tensor};
    (collect(inputs, rest), ...);
    const auto context = std::make_shared<Context>();
    detail::FunctionCall call(typeid(Self), first.where, context, std::move(inputs));
    auto outputs = [&] {
      const NoGradGuard outside;
      return Self::forward(*context, first.tensor, std::forward<Rest>(rest)...);
    }();
    call.record(detail::as_span(outputs), &Function::backward_of<Context>);
    return outputs;
  }

 private:
  static void collect(std::vector<Tensor>& inputs, const Tensor& tensor) {
    inputs.push_back(tensor);
  }
  template <class Other>
  static void collect(std::vector<Tensor>&, const Other&) {}

  template <class Context>
  static std::vector<Tensor> backward_of(FunctionContext& base,
                                         const std::vector<Tensor>& gradients) {
    auto& context = static_cast<Context&>(base);
    auto results = [&] {
      if constexpr (std::is_invocable_v<decltype(&Self::backward), Context&, const Tensor&>) {
        return Self::backward(context, gradients[0]);
      } else {
        return Self::backward(context, gradients);
      }
    }();
    const std::span<Tensor> all = detail::as_span(results);
    return {all.begin(), all.end()};
  }
};

}  // namespace tarn
