#include <utility>
#include <vector>

#include <tarn/optim/detail/state_reader.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::optim::detail {

Tensor number_entry(double value) { return scalar_tensor(value, {.dtype = kFloat64}); }

Tensor integer_entry(std::int64_t value) { return scalar_tensor(value, {.dtype = kInt64}); }

Tensor text_entry(const std::string& text) {
  return from_vector(std::vector<std::uint8_t>(text.begin(), text.end()),
                     {static_cast<std::int64_t>(text.size())});
}

StateReader::StateReader(std::string component, const StateDict& dict)
    : component_(std::move(component)), dict_(dict) {}

const Tensor& StateReader::entry(const std::string& name, DType dtype, int dim) const {
  const Tensor* tensor = dict_.find(name);
  if (!tensor || !tensor->defined()) {
    throw ValueError(str(component_, ": load_state_dict: there is no entry \"", name,
                         "\": expected what state_dict() of a ", component_, " gives"));
  }
  if (tensor->dtype() != dtype || tensor->dim() != dim) {
    throw ValueError(str(component_, ": load_state_dict: \"", name, "\" is ", tensor->dtype(),
                         " of shape ", tensor->shape(), ": expected ", dtype, " with ", dim,
                         " dimensions"));
  }
  return *tensor;
}

void StateReader::check_writer(std::size_t groups) const {
  const std::string writer = text("class");
  const auto written = static_cast<std::size_t>(count("groups"));
  if (writer == component_ && written == groups) return;
  const auto described = [](const std::string& name, std::size_t number) {
    return str(name, " (", number, number == 1 ? " group)" : " groups)");
  };
  throw ValueError(str(component_, ": checkpoint was written by ", described(writer, written),
                       ", loading into ", described(component_, groups), ": expected the same"));
}

double StateReader::number(const std::string& name) const {
  return entry(name, kFloat64, 0).item<double>();
}

std::int64_t StateReader::count(const std::string& name) const {
  const auto value = entry(name, kInt64, 0).item<std::int64_t>();
  if (value >= 0) return value;
  throw ValueError(
      str(component_, ": load_state_dict: \"", name, "\" is ", value, ": expected a value >= 0"));
}

std::string StateReader::text(const std::string& name) const {
  const auto bytes = entry(name, kUInt8, 1).to_vector<std::uint8_t>();
  return {bytes.begin(), bytes.end()};
}

}  // namespace tarn::optim::detail
