#pragma once

#include <cstdint>
#include <vector>

#include <tarn/nn/module.h>
#include <tarn/tensor/state_dict.h>

namespace tarn::optim {

/// Which average an AveragedModel takes.
struct AveragedModelOptions {
  double ema_decay = 0;      ///< in [0, 1); above 0: exponential moving average
  std::int64_t skip = 0;     ///< the first updates that are left out, >= 0
  bool use_buffers = false;  ///< average floating-point buffers too
};

/// The average of a model's parameters over the updates of its training: where SGD walks around a
/// minimum, it lies closer to it (Polyak and Juditsky 1992; Izmailov et al. 2018).
///
///   optim::AveragedModel average(model);
///   for (auto& [x, y] : loader) {
///     ...
///     sgd.step();
///     average.update();
///   }
///   {
///     const auto averaged = average.apply();    // the model has the averages while this lives
///     evaluate(model);
///   }
///
/// | average                            | how                                        |
/// |------------------------------------|--------------------------------------------|
/// | uniform                            | `update()`                                 |
/// | weighted by the learning rate      | `update(sgd.lr())`                         |
/// | suffix: the last alpha of T        | `.skip = (1 - alpha) T` (Rakhlin et al. 2012) |
/// | exponential, decay d               | `.ema_decay = d`: a = d a + (1 - d) p      |
///
/// Until the first update that counts, the average is the model's latest parameters, and the first
/// that counts replaces it. Averages are kept in float64. The model's tensors stay the same
/// objects, so optimizers keep working; a tensor that is exchanged for another afterwards is not
/// followed.
class AveragedModel {
 public:
  /// Follows the parameters (and buffers) that `model` has now. Throws ValueError for options
  /// outside the ranges given.
  explicit AveragedModel(const nn::Module& model, const AveragedModelOptions& options = {});
  AveragedModel(const AveragedModel&) = delete;
  AveragedModel& operator=(const AveragedModel&) = delete;

  /// Takes the model's present parameters into the average with the given weight > 0 (1 for an
  /// exponential average). Throws ValueError for another weight, or while the averages are applied.
  void update(double weight = 1);

  /// Gives the model its own values back when it goes out of scope.
  class Applied {
   public:
    explicit Applied(AveragedModel& average);
    ~Applied();
    Applied(const Applied&) = delete;
    Applied& operator=(const Applied&) = delete;

   private:
    AveragedModel& average_;
    std::vector<Tensor> own_;
  };

  /// Puts the averages into the model for as long as the result lives. Throws ValueError when they
  /// are there already.
  [[nodiscard]] Applied apply() { return Applied(*this); }

  /// Puts the averages into the model for good: at the end of training.
  void copy_to_model() const;

  /// The number of calls of update(), the skipped ones included.
  std::int64_t n_updates() const { return n_updates_; }

  /// "n_updates", "weight" (their sum) and for each parameter "average.fc1.weight". Tensors share
  /// their elements with the object until clone()d.
  StateDict state_dict() const;
  /// Throws ValueError or ShapeError when `dict` was written for another model; nothing has changed
  /// then.
  void load_state_dict(const StateDict& dict);

 private:
  AveragedModelOptions options_;
  nn::NamedTensors tensors_;      // of the model
  std::vector<Tensor> averages_;  // float64
  std::int64_t n_updates_ = 0;
  double weight_ = 0;
  bool applied_ = false;
};

}  // namespace tarn::optim
