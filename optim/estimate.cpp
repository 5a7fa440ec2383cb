#include <ostream>

#include <tarn/optim/detail/short_text.h>
#include <tarn/optim/estimate.h>

namespace tarn::optim {

std::string to_string(const Estimate& estimate) {
  return detail::short_text(estimate.value) + " +- " + detail::short_text(estimate.standard_error);
}

std::ostream& operator<<(std::ostream& out, const Estimate& estimate) {
  return out << to_string(estimate);
}

}  // namespace tarn::optim
