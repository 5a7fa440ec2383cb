#include <cmath>
#include <limits>

#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/elementwise.h>

namespace tarn::kernels {
namespace {

// Truncated; numbers beyond the ends become the ends, for which C++ alone says nothing. uint8
// counts modulo 256, as in PyTorch.
template <class To, class From>
To to_integer(From x) {
  constexpr auto low = static_cast<From>(std::numeric_limits<To>::min());
  constexpr auto high = static_cast<From>(std::numeric_limits<To>::max());
  if (std::isnan(x)) return 0;
  if constexpr (std::is_same_v<To, std::uint8_t>)
    return static_cast<To>(to_integer<std::int64_t>(x));
  return x <= low    ? std::numeric_limits<To>::min()
         : x >= high ? std::numeric_limits<To>::max()
                     : static_cast<To>(x);
}

template <class To, class From>
void copy_typed(const Tensor& out, const Tensor& x) {
  constexpr int lanes = std::min(kLanes<To>, kLanes<From>);
  map_into<lanes, To, From>(
      out,
      [](const auto& v) {
        if constexpr (std::is_same_v<To, bool>) {
          return v != From(0);
        } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
          return v.unaryExpr([](From number) { return to_integer<To>(number); });
        } else {
          return v.template cast<To>();
        }
      },
      x);
}

}  // namespace

void copy_into(const Tensor& out, const Tensor& x) {
  visit(out.dtype(),
        [&]<class To>() { visit(x.dtype(), [&]<class From>() { copy_typed<To, From>(out, x); }); });
}

template <class T>
T element(Scalar value) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    // Negative integers count down from 0, also where there are none.
    using Limits = std::numeric_limits<T>;
    const bool floating = is_floating_point(value.dtype());
    const auto number = value.to<double>();
    const double low = std::is_signed_v<T> || floating ? static_cast<double>(Limits::min())
                                                       : -static_cast<double>(Limits::max());
    // In 64 bits low - 1 is low.
    const bool fits = floating ? (number > low - 1 || number == low) &&
                                     number < static_cast<double>(Limits::max()) + 1
                               : number >= low && number <= static_cast<double>(Limits::max());
    if (!fits) {
      throw ValueError(str(floating ? str(number) : str(value.to<std::int64_t>()),
                           " does not fit into ", dtype_of<T>, ": expected a value from ",
                           static_cast<std::int64_t>(low), " to ",
                           static_cast<std::int64_t>(Limits::max()),
                           "; convert the tensor with .to(kInt64) or .to(kFloat32)"));
    }
    if (number < 0) return static_cast<T>(value.to<std::int64_t>());
  }
  return value.to<T>();
}

template float element(Scalar);
template double element(Scalar);
template std::int64_t element(Scalar);
template std::int32_t element(Scalar);
template std::uint8_t element(Scalar);
template bool element(Scalar);

void fill(const Tensor& out, Scalar value) {
  const Tensor number = empty({}, {.dtype = out.dtype()});
  visit(out.dtype(), [&]<class T>() { *number.data_ptr<T>() = element<T>(value); });
  copy_into(out, number);
}

Tensor cast(const Tensor& x, DType dtype, bool contiguous) {
  if (x.dtype() == dtype && (!contiguous || x.is_contiguous())) return x;
  Tensor out = contiguous ? empty(x.sizes(), {.dtype = dtype}) : empty_like(x, dtype);
  copy_into(out, x);
  return out;
}

}  // namespace tarn::kernels
