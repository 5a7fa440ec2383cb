#pragma once

#include <cstdint>
#include <span>

#include <tarn/tensor/tensor.h>

namespace tarn::data::detail {

/// One field of a batch in the making: rows of one shape and dtype, which are those of the first.
class RowStack {
 public:
  /// `field` is "data" or "target". Messages name the rows by `indices`, where there are any.
  RowStack(const char* field, std::size_t count, std::span<const std::int64_t> indices = {})
      : field_(field), count_(count), indices_(indices) {}

  /// Copies the next row. Only a target may be undefined, and only all of them. Throws ShapeError,
  /// DTypeError and ValueError for one that differs from the first.
  void push(const Tensor& row);
  /// [count, *], once all rows are there; undefined when they are.
  Tensor take() { return std::move(rows_); }

 private:
  void start(const Tensor& row);
  void check(const Tensor& row) const;
  std::string item() const;

  const char* field_;
  std::size_t count_;
  std::span<const std::int64_t> indices_;
  std::size_t pushed_ = 0;
  Tensor rows_;
  Shape row_shape_;
};

}  // namespace tarn::data::detail
