#include <array>
#include <cmath>
#include <limits>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/robbins_monro.h>
#include <tarn/tensor/detail/number_text.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kMostSteps = 100'000'000;

// Sums of many rates of one sign, whose rounding errors are carried along (Kahan 1965).
class Sum {
 public:
  void add(double x) {
    const double corrected = x - error_;
    const double next = value_ + corrected;
    error_ = (next - value_) - corrected;
    value_ = next;
  }
  double value() const { return value_; }

 private:
  double value_ = 0;
  double error_ = 0;
};

LRSums sums(const LRScheduler& schedule, double base_lr, std::int64_t begin, std::int64_t end) {
  Sum travel;
  Sum squares;
  for (std::int64_t t = begin; t < end; ++t) {
    const double lr = schedule.lr(t, base_lr);
    travel.add(lr);
    squares.add(lr * lr);
  }
  return {travel.value(), squares.value()};
}

// sum_(n >= 0) (n + a)^-s for s > 1, a > 0: the first terms, then the integral with the corrections
// of Euler and Maclaurin (Abramowitz and Stegun 1964, 23.1.30).
double hurwitz_zeta(double s, double a) {
  if (s <= 1) return kInfinity;
  Sum sum;
  for (int n = 0; n < 16; ++n, a += 1) sum.add(std::pow(a, -s));
  sum.add(std::pow(a, 1 - s) / (s - 1));
  sum.add(std::pow(a, -s) / 2);
  // B_2k / (2k)!
  constexpr std::array<double, 5> bernoulli{1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1209600,
                                            1.0 / 47900160};
  double rising = s * std::pow(a, -s - 1);  // s (s + 1) ... (s + 2k - 2) a^(-s - 2k + 1)
  for (std::size_t k = 0; k < bernoulli.size(); ++k) {
    sum.add(bernoulli[k] * rising);
    const double next = s + 2 * static_cast<double>(k) + 1;
    rising *= next * (next + 1) / (a * a);
  }
  return sum.value();
}

// head + the sum of a geometric series of blocks.
double geometric(double head, double block, double ratio) {
  if (block == 0) return head;
  return ratio < 1 ? head + block / (1 - ratio) : kInfinity;
}

LRSums repeating(const LRScheduler& schedule, double base_lr, const LRTail& tail) {
  const LRSums head = sums(schedule, base_lr, 0, tail.begin);
  const LRSums block = sums(schedule, base_lr, tail.begin, tail.begin + tail.period);
  return {geometric(head.travel, block.travel, tail.ratio),
          geometric(head.sum_of_squares, block.sum_of_squares, tail.ratio * tail.ratio)};
}

LRSums power(const LRScheduler& schedule, double base_lr, const LRTail& tail) {
  const LRSums head = sums(schedule, base_lr, 0, tail.begin);
  const double lr = schedule.lr(tail.begin, base_lr);
  if (lr == 0) return head;
  // (1 + n / a)^-p = a^p (n + a)^-p
  const auto rest = [&](double exponent) {
    return std::pow(tail.offset, exponent) * hurwitz_zeta(exponent, tail.offset);
  };
  return {head.travel + lr * rest(tail.exponent),
          head.sum_of_squares + lr * lr * rest(2 * tail.exponent)};
}

void check_steps(const LRScheduler& schedule, std::int64_t steps) {
  if (steps < kMostSteps) return;
  throw ValueError(str("robbins_monro: ", schedule.name(), " does not repeat before step ", steps,
                       ": expected fewer than ", kMostSteps, " steps to add up"));
}

}  // namespace

RobbinsMonro robbins_monro(const LRScheduler& schedule, double base_lr) {
  detail::check("robbins_monro", "base_lr", base_lr, Allowed::non_negative);
  const LRTail tail = schedule.tail(base_lr);
  LRSums total;
  switch (tail.kind) {
    case LRTail::Kind::unknown:
      return {.sum_diverges = {}, .squares_converge = {}, .travel = kNaN, .sum_of_squares = kNaN};
    case LRTail::Kind::repeating:
      check_steps(schedule, tail.begin);
      check_steps(schedule, tail.begin + tail.period);
      total = repeating(schedule, base_lr, tail);
      break;
    case LRTail::Kind::power:
      check_steps(schedule, tail.begin);
      total = power(schedule, base_lr, tail);
      break;
    case LRTail::Kind::lasting:
      total = {kInfinity, kInfinity};
      break;
  }
  return {.sum_diverges = std::isinf(total.travel),
          .squares_converge = std::isfinite(total.sum_of_squares),
          .travel = total.travel,
          .sum_of_squares = total.sum_of_squares};
}

std::string to_string(const RobbinsMonro& verdict) {
  const auto answer = [](const std::optional<bool>& condition) {
    return !condition ? "unknown" : *condition ? "yes" : "no";
  };
  return str("sum of rates diverges: ", answer(verdict.sum_diverges),
             "; sum of squares converges: ", answer(verdict.squares_converge), "; travel ",
             number_text(verdict.travel, 4), ", sum of squares ",
             number_text(verdict.sum_of_squares, 4));
}

LRSums lr_sums(const LRScheduler& schedule, double base_lr, std::int64_t steps) {
  detail::check_at_least("lr_sums", "steps", steps, 0);
  return sums(schedule, base_lr, 0, steps);
}

}  // namespace tarn::optim
