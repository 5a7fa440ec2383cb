#pragma once

#include <cstdint>
#include <string>

#include <tarn/optim/optimizer.h>
#include <tarn/tensor/state_dict.h>

namespace tarn::optim {

/// What training has cost, on each of the axes that a loss can be drawn over: updates, gradients of
/// examples, floating-point operations, seconds.
///
///   optim::CostMeter cost(sgd);
///   for (auto& [x, y] : loader) {
///     sgd.zero_grad();
///     Tensor loss = cross_entropy(model(x), y);
///     cost.add(loss, y.size(0));                  // counts the graph's operations
///     loss.backward();
///     sgd.step();
///   }
///   cost.pause();                                 // evaluation is not training
class CostMeter {
 public:
  /// Starts the clock. The optimizer must live longer.
  explicit CostMeter(const Optimizer& optimizer);

  /// Counts the gradients of `examples` >= 0 examples, and the operations of computing `loss` and
  /// its gradient: see tarn::graph_flops(). To be called before backward(), which frees the graph.
  void add(const Tensor& loss, std::int64_t examples);
  /// The same for operations that are known: 0 where they do not matter. Throws ValueError for
  /// negative numbers.
  void add(double flops, std::int64_t examples);

  /// Stops and starts the clock; a second call of the same changes nothing.
  void pause();
  void resume();

  /// Steps that the optimizer has taken since the meter was made.
  std::int64_t updates() const { return optimizer_.step_count() - first_step_; }
  std::int64_t example_gradients() const { return example_gradients_; }
  double flops() const { return flops_; }
  /// Wall-clock time while not paused.
  double seconds() const;

  /// For a resumed run, which goes on from these numbers: load the optimizer first. Throws
  /// ValueError for a missing entry.
  StateDict state_dict() const;
  void load_state_dict(const StateDict& dict);

 private:
  const Optimizer& optimizer_;
  std::int64_t first_step_;
  std::int64_t example_gradients_ = 0;
  double flops_ = 0;
  double seconds_ = 0;  // before started_
  bool running_ = true;
  double started_;  // on the clock that seconds() reads
};

/// "938 updates, 60000 example gradients, 36.6 GFLOP, 0.12 s"
std::string to_string(const CostMeter& meter);

}  // namespace tarn::optim
