#include <tarn/autograd/grad_mode.h>
#include <tarn/optim/state.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

// `value` is, or becomes, the state `name` of a parameter like `p`.
void check_like(std::string_view name, const Tensor& value, const Tensor& p) {
  if (value.shape() != p.shape()) {
    throw ShapeError(str("optimizer state \"", name, "\": has shape ", value.shape(),
                         " but the parameter has shape ", p.shape(),
                         ": expected the same; make a new optimizer for a new parameter"));
  }
  if (value.dtype() != p.dtype()) {
    throw DTypeError(str("optimizer state \"", name, "\": is ", value.dtype(),
                         " but the parameter is ", p.dtype(), ": expected the same"));
  }
}

bool is_number(const Tensor& value) { return value.dim() == 0 && value.dtype() == kFloat64; }

}  // namespace

const Tensor* State::find(std::string_view name) const {
  for (const auto& [key, value] : entries_) {
    if (key == name) return &value;
  }
  return nullptr;
}

Tensor* State::find(std::string_view name) {
  return const_cast<Tensor*>(std::as_const(*this).find(name));
}

Tensor& State::zeros_like(std::string_view name, const Tensor& p) {
  if (Tensor* present = find(name)) {
    if (present->dtype() != p.dtype() && present->shape() == p.shape()) {
      *present = empty_like(p).copy_(*present);
    }
    check_like(name, *present, p);
    return *present;
  }
  return entries_.emplace_back(name, tarn::zeros_like(p)).second;
}

double& State::number(std::string_view name) {
  Tensor* present = find(name);
  if (!present) {
    present = &entries_.emplace_back(name, zeros({}, {.dtype = kFloat64})).second;
  }
  if (!is_number(*present)) {
    throw ShapeError(str("optimizer state \"", name, "\": is a tensor of shape ", present->shape(),
                         ": expected a number"));
  }
  return *present->data_ptr<double>();
}

Tensor& State::tensor(std::string_view name) {
  if (Tensor* present = find(name)) return *present;
  std::string known;
  for (const auto& [key, value] : entries_) known += known.empty() ? key : ", " + key;
  throw IndexError(str("optimizer state: there is no \"", name, "\": expected one of ",
                       known.empty() ? "(none yet)" : known));
}

void State::restore(std::string_view name, const Tensor& value) {
  if (is_number(value)) {
    number(name) = value.item<double>();
    return;
  }
  check_like(name, value, parameter_);
  const NoGradGuard no_grad;
  zeros_like(name, parameter_).copy_(value);
}

}  // namespace tarn::optim
