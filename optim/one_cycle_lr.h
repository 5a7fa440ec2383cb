#pragma once

#include <cstdint>

#include <tarn/optim/lr_scheduler.h>
#include <tarn/optim/per_group.h>

namespace tarn::optim {

enum class AnnealStrategy { cos, linear };

/// The numbers of OneCycleLR.
struct OneCycleLROptions {
  PerGroup<double> max_lr = kInherit;  ///< the peak, >= 0; by default each group's own lr
  std::int64_t total_steps = 0;        ///< >= 1; 0: epochs * steps_per_epoch
  std::int64_t epochs = 0;
  std::int64_t steps_per_epoch = 0;
  double pct_start = 0.3;  ///< the part of the steps that goes up, in 0..1
  AnnealStrategy anneal_strategy = AnnealStrategy::cos;
  bool cycle_momentum = true;             ///< set the momentum too: it is lowest at the peak
  PerGroup<double> base_momentum = 0.85;  ///< at the peak, >= 0
  PerGroup<double> max_momentum = 0.95;   ///< at both ends, >= 0
  double div_factor = 25;                 ///< the first rate is max_lr / div_factor, > 0
  double final_div_factor = 1e4;          ///< the last one is the first / final_div_factor, > 0
  bool three_phase = false;               ///< up, down to the first rate, then down to the last
};

/// One long cycle (Smith and Topin 2018): up from max_lr / div_factor to max_lr, then down to
/// almost nothing at t = total_steps - 1, where it stays. (PyTorch's throws after that.) Step it
/// after every update. Throws ValueError for options outside the ranges given.
class OneCycleLR final : public LRScheduler {
 public:
  explicit OneCycleLR(const OneCycleLROptions& options);
  OneCycleLR(Optimizer& optimizer, const OneCycleLROptions& options) : OneCycleLR(options) {
    attach(optimizer);
  }

  LRTail tail(double) const override { return LRTail::constant(options_.total_steps - 1); }

 private:
  double value(std::int64_t t, double base_lr, std::size_t group) const override;
  std::optional<double> momentum_value(std::int64_t t, std::size_t group) const override;

  double anneal(std::int64_t t, double start, double peak, double middle, double end) const;

  OneCycleLROptions options_;
};

}  // namespace tarn::optim
