#include <algorithm>

#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

// A tensor on fresh storage of `span` elements.
Tensor allocate(const Shape& shape, const Shape& strides, std::int64_t count, std::int64_t span,
                DType dtype) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::size_t>(span), element_size(dtype), &bytes)) {
    throw ShapeError(
        str("empty: shape ", shape, " of ", dtype, ": the size in bytes overflows 64 bits"));
  }
  auto* impl = new TensorImpl;
  Tensor result{intrusive_ptr<TensorImpl>(impl)};
  impl->storage = Storage::allocate(bytes);
  impl->data = impl->storage->data();
  impl->sizes = shape;
  impl->strides = strides;
  impl->numel = count;
  impl->dtype = dtype;
  return result;
}

Tensor with_grad(Tensor tensor, const TensorOptions& options) {
  if (options.requires_grad) tensor.requires_grad_();
  return tensor;
}

// `values` in the requested type.
template <class T>
Tensor from_range(const T* first, std::size_t count, const Shape& shape,
                  const TensorOptions& options) {
  const std::int64_t expected = numel(shape);
  if (expected != static_cast<std::int64_t>(count)) {
    throw ShapeError(str("tensor: ", count, " values for shape ", shape, ": expected ", expected));
  }
  Tensor out = empty(shape, {.dtype = options.dtype});
  kernels::visit(options.dtype, [&]<class To>() {
    std::transform(first, first + count, out.data_ptr<To>(),
                   [](T value) { return static_cast<To>(value); });
  });
  return with_grad(out, options);
}

}  // namespace

Tensor empty(const Shape& shape, const TensorOptions& options) {
  const std::int64_t count = numel(shape);
  return with_grad(allocate(shape, contiguous_strides(shape), count, count, options.dtype),
                   options);
}

Tensor empty_strided(const Shape& shape, const Shape& strides, const TensorOptions& options) {
  if (shape.size() != strides.size()) {
    throw ShapeError(
        str("empty_strided: shape ", shape, " and strides ", strides, " differ in length"));
  }
  const std::int64_t count = numel(shape);
  std::int64_t span = count == 0 ? 0 : 1;
  bool overflow = false;
  for (int i = 0; i < shape.size(); ++i) {
    if (strides[i] < 0)
      throw ShapeError(str("empty_strided: strides ", strides, ": expected none to be negative"));
    std::int64_t reach = 0;
    if (count == 0) continue;
    overflow = __builtin_mul_overflow(shape[i] - 1, strides[i], &reach) || overflow;
    overflow = __builtin_add_overflow(span, reach, &span) || overflow;
  }
  if (overflow)
    throw ShapeError(
        str("empty_strided: shape ", shape, ", strides ", strides, ": the size overflows 64 bits"));
  return with_grad(allocate(shape, strides, count, span, options.dtype), options);
}

Tensor empty_like(const Tensor& like) { return empty_like(like, like.dtype()); }

Tensor empty_like(const Tensor& like, DType dtype) {
  const TensorImpl& impl = like.impl();
  const Shape& strides = like.is_dense() ? impl.strides : contiguous_strides(impl.sizes);
  return allocate(impl.sizes, strides, impl.numel, impl.numel, dtype);
}

Tensor zeros(const Shape& shape, const TensorOptions& options) { return full(shape, 0, options); }

Tensor ones(const Shape& shape, const TensorOptions& options) { return full(shape, 1, options); }

Tensor full(const Shape& shape, Scalar value, const TensorOptions& options) {
  Tensor out = empty(shape, {.dtype = options.dtype});
  kernels::fill(out, value);
  return with_grad(out, options);
}

Tensor zeros_like(const Tensor& like) {
  Tensor out = empty_like(like);
  kernels::fill(out, 0);
  return out;
}

Tensor ones_like(const Tensor& like) {
  Tensor out = empty_like(like);
  kernels::fill(out, 1);
  return out;
}

Tensor arange(std::int64_t end, const TensorOptions& options) {
  if (end < 0) throw ValueError(str("arange: end = ", end, ": expected a number >= 0"));
  Tensor out = empty({end}, {.dtype = options.dtype});
  kernels::visit(options.dtype, [&]<class T>() {
    T* first = out.data_ptr<T>();
    for (std::int64_t i = 0; i < end; ++i) first[i] = static_cast<T>(i);
  });
  return with_grad(out, options);
}

Tensor eye(std::int64_t n, const TensorOptions& options) {
  Tensor out = zeros({n, n}, {.dtype = options.dtype});
  kernels::visit(options.dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < n; ++i) out.data_ptr<T>()[i * (n + 1)] = T(1);
  });
  return with_grad(out, options);
}

template <class T>
Tensor from_vector(const std::vector<T>& values, const Shape& shape, bool requires_grad) {
  if constexpr (std::is_same_v<T, bool>) {
    const std::vector<std::uint8_t> bytes(values.begin(), values.end());
    return from_range(bytes.data(), bytes.size(), shape,
                      {.dtype = kBool, .requires_grad = requires_grad});
  } else {
    return from_range(values.data(), values.size(), shape,
                      {.dtype = dtype_of<T>, .requires_grad = requires_grad});
  }
}

template Tensor from_vector(const std::vector<float>&, const Shape&, bool);
template Tensor from_vector(const std::vector<double>&, const Shape&, bool);
template Tensor from_vector(const std::vector<std::int64_t>&, const Shape&, bool);
template Tensor from_vector(const std::vector<std::int32_t>&, const Shape&, bool);
template Tensor from_vector(const std::vector<std::uint8_t>&, const Shape&, bool);
template Tensor from_vector(const std::vector<bool>&, const Shape&, bool);

namespace {

template <class T>
Tensor from_list(std::initializer_list<T> values, const TensorOptions& options) {
  return from_range(values.begin(), values.size(), {static_cast<std::int64_t>(values.size())},
                    options);
}

}  // namespace

Tensor tensor(std::initializer_list<double> values, const TensorOptions& options) {
  return from_list(values, options);
}
Tensor tensor(std::initializer_list<float> values, const TensorOptions& options) {
  return from_list(values, options);
}
Tensor tensor(std::initializer_list<int> values, const TensorOptions& options) {
  return from_list(values, options);
}
Tensor tensor(std::initializer_list<std::int64_t> values, const TensorOptions& options) {
  return from_list(values, options);
}

Tensor tensor(std::initializer_list<std::initializer_list<double>> rows,
              const TensorOptions& options) {
  const std::size_t columns = rows.size() == 0 ? 0 : rows.begin()->size();
  std::vector<double> values;
  for (const auto& row : rows) {
    if (row.size() != columns) {
      throw ShapeError(str("tensor: a row has ", row.size(), " values, the first has ", columns,
                           ": expected rows of equal length"));
    }
    values.insert(values.end(), row.begin(), row.end());
  }
  return from_range(values.data(), values.size(),
                    {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(columns)},
                    options);
}

Tensor scalar_tensor(Scalar value) {
  return full({}, value, {.dtype = value.dtype() == kFloat64 ? kFloat32 : value.dtype()});
}

Tensor scalar_tensor(Scalar value, const TensorOptions& options) {
  return full({}, value, options);
}

}  // namespace tarn
