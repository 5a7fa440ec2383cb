#include <cmath>

#include <tarn/optim/detail/check_number.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim::detail {

void check_non_negative(std::string_view component, std::string_view name, double value) {
  if (std::isfinite(value) && value >= 0) return;
  throw ValueError(str(component, ": ", name, " = ", value, ": expected a finite value >= 0"));
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
