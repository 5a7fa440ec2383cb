#include <tarn/tensor/error.h>
#include <tarn/tensor/shape.h>
#include <tarn/tensor/str.h>

namespace tarn {

Shape::Shape(std::span<const std::int64_t> values) {
  if (values.size() > kMaxDim) {
    throw ShapeError(
        str("shape: ", values.size(), " dimensions: at most ", kMaxDim, " are supported"));
  }
  std::copy(values.begin(), values.end(), values_.begin());
  size_ = static_cast<int>(values.size());
}

Shape Shape::filled(int count, std::int64_t value) {
  Shape shape;
  for (int i = 0; i < count; ++i) shape.push_back(value);
  return shape;
}

void Shape::push_back(std::int64_t value) { insert(size_, value); }

void Shape::insert(int position, std::int64_t value) {
  if (size_ == kMaxDim) {
    throw ShapeError(str("shape ", *this, ": cannot take another dimension: at most ", kMaxDim,
                         " are supported"));
  }
  std::copy_backward(begin() + position, end(), end() + 1);
  values_[static_cast<std::size_t>(position)] = value;
  ++size_;
}

void Shape::erase(int position) {
  std::copy(begin() + position + 1, end(), begin() + position);
  --size_;
}

std::int64_t numel(const Shape& shape) {
  std::int64_t product = 1;
  bool overflow = false;
  for (const std::int64_t size : shape) {
    if (size < 0) throw ShapeError(str("shape ", shape, ": size ", size, " is negative"));
    // A zero makes the tensor empty however large the other sizes are.
    if (product != 0) overflow = __builtin_mul_overflow(product, size, &product) || overflow;
    if (size == 0) {
      product = 0;
      overflow = false;
    }
  }
  if (overflow)
    throw ShapeError(str("shape ", shape, ": the number of elements overflows 64 bits"));
  return product;
}

Shape contiguous_strides(const Shape& shape) {
  Shape strides = shape;
  std::int64_t stride = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    strides[i] = stride;
    // The sizes of an empty tensor may multiply to more than 64 bits; its strides are never
    // followed.
    if (__builtin_mul_overflow(stride, std::max<std::int64_t>(shape[i], 1), &stride)) stride = 0;
  }
  return strides;
}

Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b) {
  if (a == b) return a;
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  const int offset = longer.size() - shorter.size();
  Shape result = longer;
  for (int i = 0; i < shorter.size(); ++i) {
    const std::int64_t x = longer[offset + i];
    const std::int64_t y = shorter[i];
    if (x != y && x != 1 && y != 1) {
      throw ShapeError(str(op, ": shapes ", a, " and ", b, " do not broadcast: dimension ",
                           i - shorter.size(), " is ", &longer == &a ? x : y, " and ",
                           &longer == &a ? y : x, ": expected equal sizes, or 1"));
    }
    result[offset + i] = x == 1 ? y : x;
  }
  return result;
}

int wrap_dim(const char* op, std::int64_t dim, int ndim) {
  const int range = std::max(ndim, 1);
  if (dim < -range || dim >= range) {
    throw IndexError(str(op, ": dim ", dim, " is out of range for a ", ndim, "-d tensor (expected ",
                         -range, "..", range - 1, ")"));
  }
  return static_cast<int>(dim < 0 ? dim + range : dim);
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

}  // namespace tarn
