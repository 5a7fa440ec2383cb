#include <tarn/autograd/grad_mode.h>
#include <tarn/nn/parameters_to_vector.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

std::int64_t total(const std::vector<Tensor>& parameters) {
  std::int64_t count = 0;
  for (const Tensor& p : parameters) count += p.numel();
  return count;
}

// Calls f(parameter, its part of the vector).
template <class F>
void visit(const Tensor& vector, const std::vector<Tensor>& parameters, F f) {
  const NoGradGuard no_grad;
  std::int64_t start = 0;
  for (const Tensor& p : parameters) {
    f(p, vector.narrow(0, start, p.numel()).reshape(p.shape()));
    start += p.numel();
  }
}

}  // namespace

Tensor parameters_to_vector(const std::vector<Tensor>& parameters) {
  if (parameters.empty()) {
    throw ValueError("parameters_to_vector: the list is empty: expected at least one tensor");
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].dtype() == parameters[0].dtype()) continue;
    throw DTypeError(str("parameters_to_vector: parameters[", i, "] is ", parameters[i].dtype(),
                         " but parameters[0] is ", parameters[0].dtype(), ": expected the same"));
  }
  Tensor vector = empty({total(parameters)}, {.dtype = parameters[0].dtype()});
  visit(vector, parameters, [](const Tensor& p, const Tensor& part) { part.copy_(p); });
  return vector;
}

void vector_to_parameters(const Tensor& vector, const std::vector<Tensor>& parameters) {
  const std::int64_t count = total(parameters);
  if (vector.shape() != Shape({count})) {
    throw ShapeError(str("vector_to_parameters: the vector has shape ", vector.shape(),
                         " but the parameters have ", count, " elements: expected [", count, "]"));
  }
  if (!is_floating_point(vector.dtype())) {
    throw DTypeError(str("vector_to_parameters: the vector is ", vector.dtype(),
                         ": expected float32 or float64"));
  }
  visit(vector, parameters, [](const Tensor& p, const Tensor& part) { p.copy_(part); });
}

}  // namespace tarn::nn
