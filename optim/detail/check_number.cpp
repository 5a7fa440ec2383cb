#include <cmath>

#include <tarn/optim/detail/check_number.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim::detail {

void check_non_negative(std::string_view component, std::string_view name, double value) {
  if (std::isfinite(value) && value >= 0) return;
  throw ValueError(str(component, ": ", name, " = ", value, ": expected a finite value >= 0"));
}

void check_positive(std::string_view component, std::string_view name, double value) {
  if (std::isfinite(value) && value > 0) return;
  throw ValueError(str(component, ": ", name, " = ", value, ": expected a finite value > 0"));
}

void check_between(std::string_view component, std::string_view name, double value, double low,
                   double high) {
  if (value >= low && value <= high) return;
  throw ValueError(
      str(component, ": ", name, " = ", value, ": expected a value in ", low, "..", high));
}

void check_fraction(std::string_view component, std::string_view name, double value) {
  if (value >= 0 && value < 1) return;
  throw ValueError(str(component, ": ", name, " = ", value, ": expected a value >= 0 and < 1"));
}

void check_switch(std::string_view component, std::string_view name, double value) {
  if (value == 0 || value == 1) return;
  throw ValueError(str(component, ": ", name, " = ", value, ": expected 0 or 1"));
}

void check_finite(std::string_view component, std::string_view name, double value) {
  if (std::isfinite(value)) return;
  throw ValueError(str(component, ": ", name, " = ", value, ": expected a finite value"));
}

void check_at_least(std::string_view component, std::string_view name, std::int64_t value,
                    std::int64_t minimum) {
  if (value >= minimum) return;
  throw ValueError(str(component, ": ", name, " = ", value, ": expected a value >= ", minimum));
}

}  // namespace tarn::optim::detail
