#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <tarn/nn/module.h>
#include <tarn/optim/sgd_function.h>
#include <tarn/tensor/tensor.h>

namespace tarn::optim {

/// A data set: anything with a size() and a get_batch(indices) that gives .data and .target.
template <class D>
concept BatchSource = requires(const D& d, std::span<const std::int64_t> indices) {
  { d.size() } -> std::convertible_to<std::int64_t>;
  { d.get_batch(indices).data } -> std::convertible_to<Tensor>;
  { d.get_batch(indices).target } -> std::convertible_to<Tensor>;
};

/// What is minimised: the mean, over the examples of a data set, of a loss that depends on
/// parameters. full_gradient(), gradient_variance(), hessian_eigenvalues(), sharpness(),
/// loss_slice(), lr_range_test() and others take one.
///
///   optim::Objective objective(model, [](const Tensor& output, const Tensor& target) {
///     return cross_entropy(output, target, {.reduction = Reduction::none});
///   }, train);
///   auto [loss, gradient] = optim::full_gradient(objective);
///
/// Any function of parameters will do, with the data as tensors whose rows are the examples:
///
///   optim::Objective distance({w}, [&w](const optim::Examples& batch) {
///     return square(sub(w, batch[0])).sum({1});             // w [3], batch[0] [B, 3] -> [B]
///   }, optim::Examples{points});
///
/// The model is used in the mode it is in: eval() it, unless the draws of Dropout and the batch
/// statistics of BatchNorm are wanted. Data with random transforms draw from default_generator().
class Objective {
 public:
  /// The losses [B] of B examples, from the model's output and the target: Reduction::none.
  using OutputLosses = std::function<Tensor(const Tensor& output, const Tensor& target)>;
  /// The losses [B] of B examples: for a data set, {data, target}.
  using ExampleLosses = std::function<Tensor(const Examples& batch)>;

  /// Over the parameters of `model` that require grad. Model, and data that are passed by name,
  /// must outlive it; a temporary or moved data set is kept inside. Throws ValueError when there is
  /// no parameter, no function or no example.
  template <class Data>
  Objective(nn::Module& model, OutputLosses losses, Data&& data)
      : Objective(of_model(model, std::move(losses)), source(std::forward<Data>(data))) {}

  /// Over `params`, leaves that require grad (AutogradError otherwise), which `losses` uses.
  template <class Data>
  Objective(std::vector<Tensor> params, ExampleLosses losses, Data&& data)
      : Objective(Function{std::move(params), {}, std::move(losses)},
                  source(std::forward<Data>(data))) {}

  const std::vector<Tensor>& params() const { return function_.params; }
  /// Number of elements of all parameters.
  std::int64_t num_parameters() const;
  /// Number of examples.
  std::int64_t size() const { return data_.size; }

  /// The losses [B] of the examples at `indices`, recorded unless a NoGradGuard is active. Throws
  /// ShapeError when the function gives another shape, ValueError for no indices, and what the
  /// function and the data throw.
  Tensor losses(std::span<const std::int64_t> indices) const;

  /// Calls f(losses) for the examples at `indices`, in their order, 32 at a time; the last part may
  /// be short. `chunk_size` >= 1, rounded up to whole parts, is how many are fetched at once: it
  /// never changes a bit.
  using PartFunction = std::function<void(const Tensor& losses)>;
  void for_each_part(std::span<const std::int64_t> indices, std::int64_t chunk_size,
                     const PartFunction& f) const;

  /// Gives parameters and buffers the values back that they had when it was made.
  class Restore {
   public:
    explicit Restore(const Objective& objective);
    ~Restore();
    Restore(const Restore&) = delete;
    Restore& operator=(const Restore&) = delete;
    /// The values of params()[i] to come back to.
    const Tensor& value(std::size_t i) const { return values_[i]; }

   private:
    const Objective& objective_;
    std::vector<Tensor> values_;
  };

 private:
  struct Function {
    std::vector<Tensor> params;
    std::vector<Tensor> buffers;
    ExampleLosses losses;
  };
  struct Data {
    std::int64_t size;
    std::function<Examples(std::span<const std::int64_t>)> fetch;
  };

  Objective(Function function, Data data);
  static Function of_model(nn::Module& model, OutputLosses losses);
  static Data source(Examples examples);

  template <class D>
  requires BatchSource<std::remove_cvref_t<D>>
  static Data source(D&& dataset) {
    using Held = std::remove_cvref_t<D>;
    std::shared_ptr<const Held> held;
    if constexpr (std::is_lvalue_reference_v<D>) {
      held = std::shared_ptr<const Held>(std::shared_ptr<void>(), &dataset);
    } else {
      held = std::make_shared<const Held>(std::move(dataset));
    }
    return {held->size(), [held](std::span<const std::int64_t> indices) {
              auto batch = held->get_batch(indices);
              return Examples{batch.data, batch.target};
            }};
  }
  void check_losses(const Tensor& losses, std::int64_t count) const;

  Function function_;
  Data data_;
};

}  // namespace tarn::optim
