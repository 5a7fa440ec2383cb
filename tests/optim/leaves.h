#pragma once

#include <cstdint>
#include <vector>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/tensor.h>

namespace tarn::testing {

/// A float64 leaf [values.size()] that requires grad.
inline Tensor leaf(const std::vector<double>& values) {
  return from_vector(values, {static_cast<std::int64_t>(values.size())}, true);
}

/// A random leaf that requires grad; the same for the same seed.
inline Tensor random_leaf(const Shape& shape, std::uint64_t seed, DType dtype = kFloat32) {
  Generator generator(seed);
  return randn(shape, generator, {.dtype = dtype}).requires_grad_();
}

/// Gives every parameter a random gradient in its own memory layout; the same for the same seed.
inline void set_random_grads(const std::vector<Tensor>& params, std::uint64_t seed) {
  Generator generator(seed);
  for (const Tensor& p : params) {
    const Tensor grad = empty_like(p);
    grad.copy_(randn(p.shape(), generator, {.dtype = p.dtype()}));
    p.set_grad(grad);
  }
}

/// Leaves with equal values that share nothing, in the same memory layouts.
inline std::vector<Tensor> copies(const std::vector<Tensor>& params) {
  std::vector<Tensor> result;
  for (const Tensor& p : params) result.push_back(p.detach().clone().requires_grad_());
  return result;
}

}  // namespace tarn::testing
