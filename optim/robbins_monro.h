#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// Whether a schedule meets the conditions under which SGD converges with certainty (Robbins and
/// Monro 1951):
///
///   sum_t eta_t = infinity      it can travel any distance
///   sum_t eta_t^2 < infinity    the noise dies out
///
/// | schedule                | first | second | travel                            |
/// |-------------------------|-------|--------|-----------------------------------|
/// | constant                | yes   | no     | infinite                          |
/// | eta0 / sqrt(t + 1)      | yes   | no     | infinite                          |
/// | eta0 / (1 + alpha t)    | yes   | yes    | infinite                          |
/// | step decay by gamma < 1 | no    | yes    | step_size eta0 / (1 - gamma)      |
/// | cosine, polynomial to 0 | no    | yes    | finite                            |
struct RobbinsMonro {
  std::optional<bool> sum_diverges;      ///< the first condition; empty when nothing is known
  std::optional<bool> squares_converge;  ///< the second one
  double travel;          ///< sum of the rates: how far gradients of norm 1 carry; NaN if unknown
  double sum_of_squares;  ///< NaN if unknown

  /// Both conditions hold.
  bool satisfied() const { return sum_diverges == true && squares_converge == true; }
};

/// The verdict for a group that starts with base_lr, from the schedule's tail(): sums are exact up
/// to rounding, with geometric series and the Hurwitz zeta function. Nothing is known of functions
/// (LambdaLR) and of schedules of your own that do not override tail(); see lr_sums() for those.
/// Throws ValueError for a base_lr that is negative or not finite, and where 100 million steps or
/// more would have to be added up one by one.
RobbinsMonro robbins_monro(const LRScheduler& schedule, double base_lr);

/// "sum of rates diverges: yes; sum of squares converges: no; travel inf"
std::string to_string(const RobbinsMonro& verdict);

/// What lr_sums() adds up.
struct LRSums {
  double travel = 0;          ///< sum of the rates
  double sum_of_squares = 0;  ///< sum of the squared rates
};

/// The sums of the first `steps` >= 0 rates, t = 0 .. steps - 1, of any schedule.
LRSums lr_sums(const LRScheduler& schedule, double base_lr, std::int64_t steps);

}  // namespace tarn::optim
