#include <ostream>

#include <tarn/optim/estimate.h>
#include <tarn/tensor/detail/number_text.h>

namespace tarn::optim {

std::string to_string(const Estimate& estimate) {
  return number_text(estimate.value, 4) + " +- " + number_text(estimate.standard_error, 4);
}

std::ostream& operator<<(std::ostream& out, const Estimate& estimate) {
  return out << to_string(estimate);
}

}  // namespace tarn::optim
