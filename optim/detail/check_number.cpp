#include <cmath>

#include <tarn/optim/detail/check_number.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim::detail {

namespace {

// What is expected of `value`; null where it is so.
const char* missing(double value, Allowed allowed) {
  switch (allowed) {
    case Allowed::finite:
      return std::isfinite(value) ? nullptr : "a finite value";
    case Allowed::non_negative:
      return std::isfinite(value) && value >= 0 ? nullptr : "a finite value >= 0";
    case Allowed::positive:
      return std::isfinite(value) && value > 0 ? nullptr : "a finite value > 0";
    case Allowed::below_one:
      return value >= 0 && value < 1 ? nullptr : "a value >= 0 and < 1";
    case Allowed::zero_to_one:
      return value >= 0 && value <= 1 ? nullptr : "a value in 0..1";
    case Allowed::flag:
      return value == 0 || value == 1 ? nullptr : "0 or 1";
  }
  return "a known rule";
}

}  // namespace

void check(std::string_view component, std::string_view name, double value, Allowed allowed) {
  if (const char* expected = missing(value, allowed))
    throw ValueError(str(component, ": ", name, " = ", value, ": expected ", expected));
}

void check(std::string_view component, std::string_view name, const PerGroup<double>& values,
           Allowed allowed) {
  for (const double value : values.values())
    if (!is_inherited(value)) check(component, name, value, allowed);
}

void check_at_least(std::string_view component, std::string_view name, std::int64_t value,
                    std::int64_t minimum) {
  if (value >= minimum) return;
  throw ValueError(str(component, ": ", name, " = ", value, ": expected a value >= ", minimum));
}

}  // namespace tarn::optim::detail
