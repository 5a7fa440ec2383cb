#pragma once

#include <concepts>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include <torch/tensor_options.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/random.h>

// libtorch's factories, with its TensorOptions. They are objects, so that argument-dependent lookup
// does not find tarn's functions of the same names beside them.
namespace torch {

using tarn::full_like;
using tarn::manual_seed;
using tarn::multinomial;
using tarn::ones_like;
using tarn::rand_like;
using tarn::randn_like;
using tarn::zeros_like;

inline constexpr auto empty = [](const IntArrayRef& size, const TensorOptions& options = {}) {
  return tarn::empty(size, options);
};
inline constexpr auto zeros = [](const IntArrayRef& size, const TensorOptions& options = {}) {
  return tarn::zeros(size, options);
};
inline constexpr auto ones = [](const IntArrayRef& size, const TensorOptions& options = {}) {
  return tarn::ones(size, options);
};
/// The type of the value unless one is given, as in PyTorch.
inline constexpr auto full = [](const IntArrayRef& size, Scalar value,
                                const TensorOptions& options = {}) {
  const Dtype of_value = value.dtype() == kFloat64 ? kFloat32 : value.dtype();
  return tarn::full(size, value, options.has_dtype() ? options : options.dtype(of_value));
};
inline constexpr auto rand = [](const IntArrayRef& size, const TensorOptions& options = {}) {
  return tarn::rand(size, options);
};
inline constexpr auto randn = [](const IntArrayRef& size, const TensorOptions& options = {}) {
  return tarn::randn(size, options);
};
inline constexpr auto linspace = [](double start, double end, std::int64_t steps = 100,
                                    const TensorOptions& options = {}) {
  return tarn::linspace(start, end, steps, options);
};
inline constexpr auto eye = [](std::int64_t n, const TensorOptions& options = {}) {
  return tarn::eye(n, options);
};
inline constexpr auto randperm = [](std::int64_t n, const TensorOptions& options = kInt64) {
  return tarn::randperm(n).to(options.dtype());
};

struct Arange {
  Tensor operator()(Scalar end, const TensorOptions& options = {}) const {
    return tarn::arange(end, options);
  }
  Tensor operator()(Scalar start, Scalar end, const TensorOptions& options = {}) const {
    return tarn::arange(start, end, 1, options);
  }
  Tensor operator()(Scalar start, Scalar end, Scalar step,
                    const TensorOptions& options = {}) const {
    return tarn::arange(start, end, step, options);
  }
};
inline constexpr Arange arange;

struct Randint {
  Tensor operator()(std::int64_t high, const IntArrayRef& size,
                    const TensorOptions& options = {}) const {
    return tarn::randint(0, high, size, options);
  }
  Tensor operator()(std::int64_t low, std::int64_t high, const IntArrayRef& size,
                    const TensorOptions& options = {}) const {
    return tarn::randint(low, high, size, options);
  }
};
inline constexpr Randint randint;

/// A copy of numbers: float32 for floating-point ones, int64 for int and int64_t.
struct TensorFactory {
  Tensor operator()(const tarn::NestedList& values, const TensorOptions& options = {}) const {
    return tarn::tensor(values, options);
  }
  template <class T>
  Tensor operator()(const std::vector<T>& values, const TensorOptions& options = {}) const {
    Dtype type = std::floating_point<T> ? kFloat32 : kInt64;
    if constexpr (std::same_as<T, std::uint8_t>) type = kUInt8;
    using Stored = std::conditional_t<std::floating_point<T>, double, std::int64_t>;
    const std::vector<Stored> wide(values.begin(), values.end());
    const Tensor made = tarn::from_vector(wide, {static_cast<std::int64_t>(wide.size())})
                            .to(options.has_dtype() ? options.dtype() : type);
    return made.requires_grad_(options.requires_grad());
  }
};
inline constexpr TensorFactory tensor;

/// A tensor over row-major elements that must outlive it; `deleter`, where there is one, is called
/// when the last tensor over them has gone.
struct FromBlob {
  Tensor operator()(void* data, const IntArrayRef& size, const TensorOptions& options = {}) const {
    return (*this)(
        data, size, [](void*) {}, options);
  }
  Tensor operator()(void* data, const IntArrayRef& size, const std::function<void(void*)>& deleter,
                    const TensorOptions& options = {}) const {
    const std::shared_ptr<void> owner(data, deleter);
    const Tensor made = with_element_type(options.dtype(), data, size, owner);
    return made.requires_grad_(options.requires_grad());
  }

 private:
  static Tensor with_element_type(Dtype type, void* data, const IntArrayRef& size,
                                  const std::shared_ptr<void>& owner) {
    switch (type) {
      case tarn::kFloat64:
        return tarn::from_blob(static_cast<double*>(data), size, owner);
      case tarn::kInt64:
        return tarn::from_blob(static_cast<std::int64_t*>(data), size, owner);
      case tarn::kInt32:
        return tarn::from_blob(static_cast<std::int32_t*>(data), size, owner);
      case tarn::kUInt8:
        return tarn::from_blob(static_cast<std::uint8_t*>(data), size, owner);
      case tarn::kBool:
        return tarn::from_blob(static_cast<bool*>(data), size, owner);
      case tarn::kFloat32:
        break;
    }
    return tarn::from_blob(static_cast<float*>(data), size, owner);
  }
};
inline constexpr FromBlob from_blob;

}  // namespace torch
