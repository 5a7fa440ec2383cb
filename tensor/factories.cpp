#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

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
  intrusive_ptr<Storage> storage = Storage::allocate(bytes);
  std::byte* const data = storage->data();
  impl->set_data(std::move(storage), data);
  impl->sizes = shape;
  impl->strides = strides;
  impl->numel = count;
  impl->dtype = dtype;
  return result;
}

DType dtype_in(const TensorOptions& options, DType otherwise = kFloat32) {
  return options.dtype.value_or(otherwise);
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
  const Tensor values = empty(shape, {.dtype = dtype_of<T>});
  std::copy_n(first, count, values.data_ptr<T>());
  return with_grad(kernels::cast(values, dtype_in(options)), options);
}

}  // namespace

Tensor empty(const Shape& shape, const TensorOptions& options) {
  const std::int64_t count = numel(shape);
  return with_grad(allocate(shape, contiguous_strides(shape), count, count, dtype_in(options)),
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
  return with_grad(allocate(shape, strides, count, span, dtype_in(options)), options);
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
  Tensor out = empty(shape, {.dtype = dtype_in(options)});
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

Tensor full_like(const Tensor& like, Scalar value) {
  Tensor out = empty_like(like);
  kernels::fill(out, value);
  return out;
}

Tensor arange(Scalar start, Scalar end, Scalar step, const TensorOptions& options) {
  const bool floating = is_floating_point(start.dtype()) || is_floating_point(end.dtype()) ||
                        is_floating_point(step.dtype());
  const auto first = start.to<double>();
  const auto by = step.to<double>();
  const double span = end.to<double>() - first;
  if (!std::isfinite(first) || !std::isfinite(span) || !std::isfinite(by) || by == 0 ||
      span / by < 0) {
    throw ValueError(str("arange: start = ", first, ", end = ", end.to<double>(), ", step = ", by,
                         ": expected finite numbers and a step that leads from start to end"));
  }
  std::int64_t count = 0;
  if (floating) {
    const double exact = std::ceil(span / by);
    if (exact > 0x1p62) throw ValueError(str("arange: ", exact, " numbers are too many"));
    count = static_cast<std::int64_t>(exact);
  } else {
    const auto by_integer = step.to<std::int64_t>();
    std::int64_t distance = 0;
    if (__builtin_sub_overflow(end.to<std::int64_t>(), start.to<std::int64_t>(), &distance))
      throw ValueError("arange: the distance from start to end overflows 64 bits");
    count = distance / by_integer + (distance % by_integer != 0);
  }
  Tensor out = empty({count}, {.dtype = dtype_in(options, floating ? kFloat32 : kInt64)});
  kernels::visit(out.dtype(), [&]<class T>() {
    T* const values = out.data_ptr<T>();
    for (std::int64_t i = 0; i < count; ++i) {
      values[i] = floating ? static_cast<T>(first + static_cast<double>(i) * by)
                           : static_cast<T>(start.to<std::int64_t>() + i * step.to<std::int64_t>());
    }
  });
  return with_grad(out, options);
}

Tensor arange(Scalar end, const TensorOptions& options) { return arange(0, end, 1, options); }

Tensor linspace(double start, double end, std::int64_t steps, const TensorOptions& options) {
  if (steps < 0) throw ValueError(str("linspace: steps = ", steps, ": expected a number >= 0"));
  if (!std::isfinite(start) || !std::isfinite(end)) {
    throw ValueError(
        str("linspace: start = ", start, ", end = ", end, ": expected finite numbers"));
  }
  Tensor out = empty({steps}, {.dtype = dtype_in(options)});
  kernels::visit(out.dtype(), [&]<class T>() {
    T* const values = out.data_ptr<T>();
    const double step = steps > 1 ? (end - start) / static_cast<double>(steps - 1) : 0;
    // From both ends inwards, so that the last number is `end` itself.
    for (std::int64_t i = 0; i < steps; ++i) {
      values[i] = static_cast<T>(i < steps - i ? start + step * static_cast<double>(i)
                                               : end - step * static_cast<double>(steps - 1 - i));
    }
  });
  return with_grad(out, options);
}

Tensor eye(std::int64_t n, const TensorOptions& options) {
  Tensor out = zeros({n, n}, {.dtype = dtype_in(options)});
  kernels::visit(out.dtype(), [&]<class T>() {
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

// Collects the numbers of a nested list; `shape` holds the sizes of the depths seen so far.
void collect(const NestedList& list, int depth, Shape& shape, bool& shape_known,
             std::vector<Scalar>& numbers) {
  if (!list.is_list()) {
    if (!shape_known) shape_known = true;
    if (depth != shape.size())
      throw ShapeError("tensor: a number stands beside a list: expected lists all the way");
    numbers.push_back(list.number());
    return;
  }
  const auto size = static_cast<std::int64_t>(list.items().size());
  if (!shape_known) shape.push_back(size);
  if (depth >= shape.size())
    throw ShapeError("tensor: a list stands beside a number: expected numbers all the way");
  if (shape[depth] != size) {
    throw ShapeError(str("tensor: a row has ", size, " values, the first has ", shape[depth],
                         ": expected rows of equal length"));
  }
  for (const NestedList& item : list.items()) collect(item, depth + 1, shape, shape_known, numbers);
  shape_known = true;
}

}  // namespace

Tensor tensor(const NestedList& values, const TensorOptions& options) {
  Shape shape;
  bool shape_known = false;
  std::vector<Scalar> numbers;
  collect(values, 0, shape, shape_known, numbers);
  DType dtype = numbers.empty() ? kFloat32 : kBool;
  for (const Scalar number : numbers)
    dtype = promote_types(dtype, number.dtype() == kFloat64 ? kFloat32 : number.dtype());
  Tensor out = empty(shape, {.dtype = dtype_in(options, dtype)});
  kernels::visit(out.dtype(), [&]<class T>() {
    T* element = out.data_ptr<T>();
    for (const Scalar number : numbers) *element++ = kernels::element<T>(number);
  });
  return with_grad(out, options);
}

template <class T>
Tensor from_blob(T* data, const Shape& shape, std::shared_ptr<const void> owner) {
  const std::int64_t count = numel(shape);
  if (!owner)
    throw ValueError("from_blob: the owner is null: expected what keeps the elements alive");
  if ((!data && count > 0) || reinterpret_cast<std::uintptr_t>(data) % alignof(T) != 0)
    throw ValueError(str("from_blob: the data are ", data ? "misaligned" : "null"));
  auto* impl = new TensorImpl;
  Tensor result{intrusive_ptr<TensorImpl>(impl)};
  auto* const bytes = reinterpret_cast<std::byte*>(data);
  impl->set_data(
      Storage::wrap(bytes, static_cast<std::size_t>(count) * sizeof(T), std::move(owner)), bytes);
  impl->sizes = shape;
  impl->strides = contiguous_strides(shape);
  impl->numel = count;
  impl->dtype = dtype_of<T>;
  return result;
}

template Tensor from_blob(float*, const Shape&, std::shared_ptr<const void>);
template Tensor from_blob(double*, const Shape&, std::shared_ptr<const void>);
template Tensor from_blob(std::int64_t*, const Shape&, std::shared_ptr<const void>);
template Tensor from_blob(std::int32_t*, const Shape&, std::shared_ptr<const void>);
template Tensor from_blob(std::uint8_t*, const Shape&, std::shared_ptr<const void>);
template Tensor from_blob(bool*, const Shape&, std::shared_ptr<const void>);

Tensor scalar_tensor(Scalar value, const TensorOptions& options) {
  const DType own = value.dtype() == kFloat64 ? kFloat32 : value.dtype();
  return full({}, value, {.dtype = dtype_in(options, own), .requires_grad = options.requires_grad});
}

}  // namespace tarn
