#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn::data {

/// Changes the data of one example, without changing its argument. Random ones draw from
/// default_generator(), which a DataLoader sets for each example, so that their results do not
/// depend on workers. Applied by data::map.
class Transform {
 public:
  virtual ~Transform();
  virtual Tensor operator()(const Tensor& x) const = 0;
};

/// (x - mean) / std. Integer data become float32.
class Normalize : public Transform {
 public:
  /// One mean and standard deviation for all elements. Throws ValueError unless both are finite and
  /// std > 0.
  Normalize(double mean, double std);
  /// One for each channel of [C, H, W]. Throws ValueError as above, for unequal lengths and for
  /// none at all.
  Normalize(const std::vector<double>& mean, const std::vector<double>& std);

  /// Throws ShapeError when x is not [C, H, W] with as many channels as there are means.
  Tensor operator()(const Tensor& x) const override;

 private:
  Tensor mean_;
  Tensor std_;
};

/// Moves an image by a random whole number of pixels, -max_shift..max_shift in each direction, and
/// fills what becomes free.
class RandomTranslate : public Transform {
 public:
  /// `fill` in the units of the data: background is -mean/std after a normalisation. Throws
  /// ValueError unless 0 <= max_shift <= 2^30.
  explicit RandomTranslate(std::int64_t max_shift, double fill = 0);

  /// x [H, W] or [C, H, W], any dtype. Throws ShapeError for other numbers of dimensions.
  Tensor operator()(const Tensor& x) const override;

 private:
  std::int64_t max_shift_;
  double fill_;
};

/// Any callable as a transform: `data::Lambda([](const Tensor& x) { return x.flatten(); })`.
template <class F>
class Lambda : public Transform {
 public:
  explicit Lambda(F function) : function_(std::move(function)) {}
  Tensor operator()(const Tensor& x) const override { return function_(x); }

 private:
  F function_;
};

}  // namespace tarn::data
