#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include <tarn/autograd/ops/losses.h>
#include <tarn/optim/optimizer.h>
#include <tarn/tensor/state_dict.h>

namespace tarn::optim {

class GradientNoiseScale;

/// When an Accumulator steps.
struct AccumulatorOptions {
  std::int64_t batch_size;  ///< examples in one step of the optimizer, >= 1; of each rank
  Reduction reduction = Reduction::mean;  ///< how the losses were made of their examples
  /// Is given the norms of each step of two parts or more, before hooks such as clipping change the
  /// gradients; steps that are not finite are left out. It must live longer. On one process: with
  /// several ranks it belongs to the options of DistributedDataParallel.
  GradientNoiseScale* noise_scale = nullptr;
};

/// Gradient accumulation: the steps of a large batch for the memory of a small one.
///
///   optim::Accumulator accumulate(sgd, {.batch_size = 128});
///   for (auto& [x, y] : loader) {                          // batches of 32
///     Tensor loss = cross_entropy(model(x), y);
///     accumulate.backward(loss, y.size(0));                // every fourth one steps
///   }
///   accumulate.flush();                                    // what is left of the epoch
///
/// There is no zero_grad(): the first backward() after a step clears the gradients. Every example
/// has the same weight, also when the parts differ in size: with Reduction::mean the gradient is
/// that of the mean loss of all examples since the last step, with Reduction::sum that of the sum.
/// So 32 + 32 + 32 + 4 examples give the step of the 100 together, up to rounding. (Layers that
/// look at the whole batch still see the parts.)
///
/// What has to happen between the last backward() and the step, such as clipping, goes into a hook:
///
///   sgd.register_step_pre_hook([&](auto&) { nn::clip_grad_norm_(model, 1.0); });
class Accumulator {
 public:
  /// The optimizer must live longer. Throws ValueError for a batch_size < 1 or Reduction::none.
  Accumulator(Optimizer& optimizer, const AccumulatorOptions& options);
  /// Warns once when gradients were accumulated but never used: flush() was forgotten.
  ~Accumulator();
  Accumulator(const Accumulator&) = delete;
  Accumulator& operator=(const Accumulator&) = delete;

  /// Adds the gradient of `loss`, the mean (or sum) over `count` >= 1 examples; steps, and returns
  /// true, when there are batch_size or more of them. Throws ValueError when the gradients of the
  /// examples before were cleared or used by someone else, and what loss.backward() throws; the
  /// gradients so far then stay.
  bool backward(const Tensor& loss, std::int64_t count);

  /// Steps with what there is; false when there is nothing. At the end of an epoch, so that its
  /// last examples do not become part of the next one's first batch.
  bool flush();

  /// flush() together with others, which may have something left when this process has not.
  /// Leaves the mean (or sum) gradient of the examples so far, or none, and calls `share` once with
  /// what is to be done after each step's gradient has come: the optimizer's step and zero_grad().
  /// On several ranks (distributed::DistributedDataParallel):
  ///
  ///   for (auto& [x, y] : loader) {
  ///     const auto local = parallel.no_sync(!accumulate.completes(x.size(0)));
  ///     accumulate.backward(cross_entropy(parallel(x), y), x.size(0));
  ///   }
  ///   accumulate.flush([&](const auto& step) { parallel.join(step); });
  ///
  /// Throws as backward() does, and what `share` throws.
  void flush(const std::function<void(const std::function<void()>& step)>& share);

  /// Whether backward() with `count` examples more will step.
  bool completes(std::int64_t count) const;

  /// "count", "step_count" (of the optimizer when the first of these examples came) and the
  /// gradients so far, "grad.0.3" for parameter 3 of group 0: a run may stop between two steps.
  StateDict state_dict() const;
  /// Takes up the gradients that the accumulator which wrote `dict` had, in place of those that the
  /// parameters have. Throws ValueError for an entry that is missing, of another kind or of another
  /// shape than its parameter; nothing has changed then.
  void load_state_dict(const StateDict& dict);

  /// Examples since the last step.
  std::int64_t count() const { return count_; }

 private:
  void check_undisturbed() const;
  double backward_norm(const Tensor& loss) const;
  void measure_noise();
  std::vector<std::pair<Tensor, Tensor>> make_mean_of(std::int64_t examples);
  void step();

  Optimizer& optimizer_;
  AccumulatorOptions options_;
  std::int64_t count_ = 0;
  std::int64_t step_count_ = 0;  // of the optimizer when the first example came
  std::vector<double> part_norms_;
  std::vector<std::int64_t> part_sizes_;
};

}  // namespace tarn::optim
