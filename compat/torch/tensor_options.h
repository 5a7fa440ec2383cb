#pragma once

#include <optional>

#include <torch/types.h>

#include <tarn/tensor/factories.h>

namespace torch {

/// What a factory takes besides values and shapes. Made of an element type or a device, or chained:
/// `torch::dtype(torch::kFloat64).requires_grad(true)`. Throws ValueError for another device than
/// the CPU.
class TensorOptions {
 public:
  TensorOptions() = default;
  TensorOptions(Dtype type) { options_.dtype = type; }  // NOLINT(google-explicit-constructor)
  TensorOptions(const Device& place) { *this = device(place); }      // NOLINT
  TensorOptions(DeviceType place) : TensorOptions(Device(place)) {}  // NOLINT

  TensorOptions dtype(Dtype type) const {
    TensorOptions changed = *this;
    changed.options_.dtype = type;
    return changed;
  }
  TensorOptions device(const Device& place) const {
    tarn::empty({0}).to(place);  // the CPU, or an exception
    return *this;
  }
  TensorOptions requires_grad(bool on) const {
    TensorOptions changed = *this;
    changed.options_.requires_grad = on;
    return changed;
  }

  Dtype dtype() const { return options_.dtype.value_or(kFloat32); }
  Device device() const { return kCPU; }
  bool requires_grad() const { return options_.requires_grad; }
  bool has_dtype() const { return options_.dtype.has_value(); }

  operator const tarn::TensorOptions&() const { return options_; }  // NOLINT

 private:
  tarn::TensorOptions options_;
};

inline TensorOptions dtype(Dtype type) { return type; }
inline TensorOptions device(const Device& place) { return place; }
inline TensorOptions requires_grad(bool on = true) { return TensorOptions().requires_grad(on); }

}  // namespace torch
