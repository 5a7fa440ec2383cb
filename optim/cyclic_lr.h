#pragma once

#include <cstdint>
#include <functional>

#include <tarn/optim/lr_scheduler.h>
#include <tarn/optim/per_group.h>

namespace tarn::optim {

/// How the height of CyclicLR's cycles goes on.
enum class CyclicMode {
  triangular,   ///< all cycles are equally high
  triangular2,  ///< each is half as high as the one before
  exp_range     ///< the height is multiplied by gamma in every step
};

/// What CyclicLR's scale_fn gets: the number of the cycle, from 1, or the step t.
enum class CyclicScaleMode { cycle, iterations };

/// The numbers of CyclicLR.
struct CyclicLROptions {
  PerGroup<double> base_lr = kInherit;  ///< the floor, >= 0; by default each group's own lr
  PerGroup<double> max_lr;              ///< the peak, >= 0
  std::int64_t step_size_up = 2000;     ///< steps from floor to peak, >= 1
  std::int64_t step_size_down = 0;      ///< steps back, >= 1; 0: as many as up
  CyclicMode mode = CyclicMode::triangular;
  double gamma = 1;                          ///< of CyclicMode::exp_range, >= 0
  std::function<double(double)> scale_fn{};  ///< a height of your own, instead of `mode`
  CyclicScaleMode scale_mode = CyclicScaleMode::cycle;
  bool cycle_momentum = true;            ///< set the momentum too: it is lowest at the peak
  PerGroup<double> base_momentum = 0.8;  ///< at the peak, >= 0
  PerGroup<double> max_momentum = 0.9;   ///< at the floor, >= 0
};

/// Straight up from base_lr to max_lr and down again, for ever (Smith 2017). Step it after every
/// update. Throws ValueError for options outside the ranges given.
class CyclicLR final : public LRScheduler {
 public:
  explicit CyclicLR(const CyclicLROptions& options);
  CyclicLR(Optimizer& optimizer, const CyclicLROptions& options) : CyclicLR(options) {
    attach(optimizer);
  }

  LRTail tail(double base_lr) const override;

 private:
  double value(std::int64_t t, double base_lr, std::size_t group) const override;
  std::optional<double> momentum_value(std::int64_t t, std::size_t group) const override;

  double height(std::int64_t t) const;

  CyclicLROptions options_;
};

}  // namespace tarn::optim
