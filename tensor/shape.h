#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace tarn {

/// The most dimensions that a tensor can have.
inline constexpr int kMaxDim = 8;

/// A short list of integers held in place: sizes, strides or dimensions. Never allocates.
/// Throws ShapeError for more than kMaxDim entries.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> values)  // NOLINT(google-explicit-constructor)
      : Shape(std::span<const std::int64_t>(values.begin(), values.size())) {}
  /// One entry: `x.sum(0)`, `x.view(-1)`, `zeros(3)`.
  template <std::integral T>
  requires(!std::same_as<T, bool>) Shape(T value) {  // NOLINT(google-explicit-constructor)
    push_back(static_cast<std::int64_t>(value));
  }
  Shape(const std::vector<std::int64_t>& values)  // NOLINT(google-explicit-constructor)
      : Shape(std::span<const std::int64_t>(values)) {}
  Shape(std::span<const std::int64_t> values);  // NOLINT(google-explicit-constructor)

  /// `count` entries, each equal to `value`.
  static Shape filled(int count, std::int64_t value);

  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::int64_t operator[](int i) const { return values_[static_cast<std::size_t>(i)]; }
  std::int64_t& operator[](int i) { return values_[static_cast<std::size_t>(i)]; }
  const std::int64_t* begin() const { return values_.data(); }
  const std::int64_t* end() const { return values_.data() + size_; }
  std::int64_t* begin() { return values_.data(); }
  std::int64_t* end() { return values_.data() + size_; }
  std::int64_t back() const { return values_[static_cast<std::size_t>(size_ - 1)]; }

  void push_back(std::int64_t value);
  void insert(int position, std::int64_t value);
  void erase(int position);

  bool operator==(const Shape& other) const {
    if (size_ != other.size_) return false;
    // A call of memcmp(), which std::equal becomes, costs more than these few comparisons.
    for (int i = 0; i < size_; ++i) {
      if ((*this)[i] != other[i]) return false;
    }
    return true;
  }

 private:
  std::array<std::int64_t, kMaxDim> values_{};
  int size_ = 0;
};

/// Product of the sizes; 1 for an empty shape. Throws ShapeError when a size is negative or the
/// product overflows 64 bits.
std::int64_t numel(const Shape& shape);

/// Strides of a dense row-major tensor: `[2, 3, 4]` gives `[12, 4, 1]`.
Shape contiguous_strides(const Shape& shape);

/// The shape that both broadcast to (NumPy's rule). `op` opens the message of the ShapeError thrown
/// if there is none.
Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);

/// A dimension counted from the end when negative, checked against `ndim`. Throws IndexError. A 0-d
/// tensor takes 0 and -1.
int wrap_dim(const char* op, std::int64_t dim, int ndim);

/// "[64, 783]"
std::string to_string(const Shape& shape);

}  // namespace tarn
