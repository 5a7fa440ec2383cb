#pragma once

#include <algorithm>

#include <tarn/tensor/kernels/grain.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/shape.h>

namespace tarn::kernels {

/// The lines of a tensor along one dimension: its elements, grouped by all other indices.
class Lines {
 public:
  /// A 0-d tensor has one line of one element.
  Lines(const Shape& sizes, int dim) : dim_(dim), others_(sizes) {
    if (!sizes.empty()) {
      length_ = sizes[dim];
      others_[dim] = 1;
    }
    count_ = numel(others_);
  }

  std::int64_t count() const { return count_; }
  std::int64_t length() const { return length_; }

  /// Where line `i` begins in a tensor with these strides.
  std::int64_t offset(std::int64_t i, const Shape& strides) const {
    std::int64_t result = 0;
    for (int d = others_.size() - 1; d > 0; --d) {
      if (others_[d] == 1) continue;  // divisions are what short lines cost
      result += i % others_[d] * strides[d];
      i /= others_[d];
    }
    return others_.empty() ? result : result + i * strides[0];
  }
  /// The step from one element of a line to the next.
  std::int64_t step(const Shape& strides) const { return strides.empty() ? 1 : strides[dim_]; }

  /// Calls f(i) for every line, on several threads when there is enough to do.
  template <class F>
  void for_each(F f) const {
    parallel_for(0, count_, std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, length_)),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i) f(i);
                 });
  }

 private:
  int dim_;
  Shape others_;
  std::int64_t length_ = 1;
  std::int64_t count_ = 1;
};

}  // namespace tarn::kernels
