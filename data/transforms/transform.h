#pragma once

#include <utility>

#include <tarn/data/fetch_scope.h>
#include <tarn/tensor/tensor.h>

namespace tarn::data {

/// Changes the data of one example, without changing its argument. Random ones draw from
/// default_generator(), which a DataLoader sets for each example: what they do depends on the
/// loader's seed, the epoch and the example, never on workers. Applied by data::map.
class Transform {
 public:
  virtual ~Transform();
  virtual Tensor operator()(const Tensor& x) const = 0;

  /// The same for each row of x [B, *], B >= 1, row i with the numbers of random's row i. This
  /// version takes one row after the other; transforms that are faster for many override it.
  virtual Tensor apply_rows(const Tensor& x, const RowRandom& random) const;
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
