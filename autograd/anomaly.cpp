#include <algorithm>
#include <cmath>

#include <tarn/autograd/detail/nan_checks.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

// The first op under the outermost guard whose result had a NaN; empty when there was none.
thread_local std::string first_result;

bool has_nan(const Tensor& x) {
  const auto search = [&]<class T>(T) {
    const Tensor row_major = kernels::cast(x, x.dtype(), /*contiguous=*/true);
    const T* const first = row_major.data_ptr<T>();
    return std::any_of(first, first + x.numel(), [](T value) { return std::isnan(value); });
  };
  if (x.dtype() == kFloat32) return search(float());
  return x.dtype() == kFloat64 && search(double());
}

std::string origin() {
  if (first_result.empty()) return "; no op recorded under the guard had a NaN in its result";
  return str("; the first result with a NaN was that of ", first_result);
}

}  // namespace

AnomalyGuard::AnomalyGuard() : previous_(detail::anomaly_enabled) {
  if (!previous_) first_result.clear();
  detail::anomaly_enabled = true;
}

namespace detail {

void note_result(const Node& node, const Tensor& value) {
  if (first_result.empty() && has_nan(value))
    first_result = str(describe(node), ", shape ", value.sizes());
}

void check_produced(const Node& node, std::size_t input, const Tensor& gradient) {
  if (!has_nan(gradient)) return;
  throw AutogradError(str("AnomalyGuard: the gradient of ", describe(node),
                          " with respect to its input ", input, ", shape ", gradient.sizes(),
                          ", has a NaN", origin()));
}

void check_arrived(const Node& node, const Tensor& gradient) {
  if (!has_nan(gradient)) return;
  throw AutogradError(str("AnomalyGuard: the gradient that reached the result of ", describe(node),
                          ", shape ", gradient.sizes(),
                          ", has a NaN that no op's gradient had: it was passed to backward(), "
                          "made by a hook or by adding infinities",
                          origin()));
}

}  // namespace detail
}  // namespace tarn
