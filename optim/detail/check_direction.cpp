#include <tarn/optim/detail/check_direction.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim::detail {

void check_direction(std::string_view component, std::string_view name, const Objective& objective,
                     const std::vector<Tensor>& direction) {
  const std::vector<Tensor>& params = objective.params();
  if (direction.size() != params.size()) {
    throw ShapeError(str(component, ": ", name, " has ", direction.size(), " tensors: expected ",
                         params.size(), ", one for each parameter"));
  }
  for (std::size_t i = 0; i < params.size(); ++i) {
    const Tensor& d = direction[i];
    if (!d.defined() || d.shape() != params[i].shape()) {
      throw ShapeError(str(component, ": ", name, "[", i, "] ",
                           d.defined() ? "has shape " + to_string(d.shape()) : "is undefined",
                           ": expected the parameter's shape, ", params[i].shape()));
    }
    if (d.dtype() != params[i].dtype()) {
      throw DTypeError(str(component, ": ", name, "[", i, "] is ", d.dtype(),
                           ": expected the parameter's dtype, ", params[i].dtype()));
    }
  }
}

}  // namespace tarn::optim::detail
