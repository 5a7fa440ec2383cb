#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tarn/nn/module.h>
#include <tarn/optim/optimizer.h>
#include <tarn/tensor/state_dict.h>

namespace tarn::optim {

/// When SkipNonFinite gives up.
struct SkipNonFiniteOptions {
  /// Steps in a row, >= 1, with which it gives up: where parameters have become NaN no gradient
  /// will ever be finite again.
  std::int64_t max_in_a_row = 10;
};

/// Leaves out the steps of an optimizer that a NaN or an infinity in a gradient would ruin.
///
///   optim::SkipNonFinite skip(sgd, model);
///   for (auto& [x, y] : loader) {
///     sgd.zero_grad();
///     cross_entropy(model(x), y).backward();
///     nn::clip_grad_norm_(model, 1.0);          // leaves gradients that are not finite alone
///     sgd.step();                               // moves nothing then
///   }
///   std::cout << skip.skipped() << " steps skipped, the last one because of " << skip.reason();
///
/// A hook of the optimizer, so that it also sees the steps of an Accumulator. A step that is
/// skipped changes neither parameters nor state and does not count in step_count(); a schedule goes
/// on. The first one gives a warning. Works as long as the optimizer lives.
class SkipNonFinite {
 public:
  /// Throws ValueError for max_in_a_row < 1.
  explicit SkipNonFinite(Optimizer& optimizer, const SkipNonFiniteOptions& options = {});
  /// The same; parameters are called by the names that they have in `model` now.
  SkipNonFinite(Optimizer& optimizer, const nn::Module& model,
                const SkipNonFiniteOptions& options = {});

  /// Steps skipped so far, those before a resume included.
  std::int64_t skipped() const;
  /// "fc2.bias[3] = nan", or "parameter 3 of group 0[3] = nan" without a model: the first such
  /// element of the step that was skipped last; empty before.
  const std::string& reason() const;

  /// "skipped" and "in_a_row", int64 [].
  StateDict state_dict() const;
  /// Throws ValueError for an entry that is missing or of another kind; nothing has changed then.
  void load_state_dict(const StateDict& dict);

 private:
  SkipNonFinite(Optimizer& optimizer, nn::NamedTensors names, const SkipNonFiniteOptions& options);

  struct Record;
  std::shared_ptr<Record> record_;  // the hook's, too
};

}  // namespace tarn::optim
