#include <cmath>
#include <limits>
#include <numbers>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/operand.h>
#include <tarn/autograd/detail/unary.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/kernels/elementwise.h>
#include <tarn/tensor/kernels/exp.h>

namespace tarn {
namespace {

using kernels::each;
using kernels::ElementOf;

const Op kExp{"exp"};
const Op kExpm1{"expm1"};
const Op kLog{"log"};
const Op kLog1p{"log1p"};
const Op kSqrt{"sqrt"};
const Op kSquare{"square"};
const Op kAbs{"abs"};
const Op kPow{"pow"};
const Op kRelu{"relu"};
const Op kTanh{"tanh"};
const Op kSigmoid{"sigmoid"};
const Op kSin{"sin"};
const Op kCos{"cos"};
const Op kErf{"erf"};
const Op kSign{"sign"};

// g, but 0 where y <= 0.
Tensor where_positive(const Tensor& g, const Tensor& y) {
  return record(kRelu, Where::current(),
                kernels::zip_floating("relu", g, y,
                                      [](const auto& gradient, const auto& value) {
                                        using T = ElementOf<decltype(value)>;
                                        return each([](T s, T v) { return v <= T(0) ? T(0) : s; },
                                                    gradient, value);
                                      }),
                wrt(g, [y = saved(y)](const Tensor& gg) { return where_positive(gg, y.get()); }));
}

// Eigen's exp is infinite a little early (in float32 from 88.38 on, with AVX-512): there one factor
// e is taken apart.
template <class L>
L exp_to_the_end(const L& v) {
  using T = ElementOf<L>;
  constexpr T high = static_cast<T>((std::numeric_limits<T>::max_exponent - 1) * std::numbers::ln2);
  const L y = kernels::exp_lanes(each([](T e) { return e > high ? e - T(1) : e; }, v));
  return each([](T e, T result) { return e > high ? result * std::numbers::e_v<T> : result; }, v,
              y);
}

// Eigen's log takes numbers below the smallest normal one for it: they are scaled up first.
template <class L>
L log_from_the_start(const L& v) {
  using T = ElementOf<L>;
  constexpr int digits = std::numeric_limits<T>::digits;
  constexpr T scale = static_cast<T>(std::uint64_t{1} << digits);
  constexpr T shift = static_cast<T>(digits * std::numbers::ln2);
  const auto tiny = [](T e) { return e > T(0) && e < std::numeric_limits<T>::min(); };
  const L y = each([tiny](T e) { return tiny(e) ? e * scale : e; }, v).log();
  return each([tiny](T e, T result) { return tiny(e) ? result - shift : result; }, v, y);
}

// x to an integer power >= 0, in integers (which wrap around, as in C and PyTorch).
template <class T>
T integer_power(T base, std::int64_t exponent) {
  std::uint64_t result = 1;
  for (auto factor = static_cast<std::uint64_t>(base); exponent > 0;
       exponent /= 2, factor *= factor) {
    if (exponent % 2 == 1) result *= factor;
  }
  return static_cast<T>(result);
}

Tensor power_of_integers(const Tensor& x, Scalar exponent) {
  const auto power = exponent.to<std::int64_t>();
  const DType dtype = kernels::result_dtype(x, exponent);
  if (power < 0) {
    throw ValueError(str("pow: ", dtype, " to the power ", power,
                         ": integers have no negative powers; convert with .to(kFloat32)"));
  }
  return kernels::map_numeric("pow", x, dtype, [power](const auto& v) {
    using T = ElementOf<decltype(v)>;
    return v.unaryExpr([power](T base) { return integer_power(base, power); });
  });
}

}  // namespace

Tensor exp(const Tensor& x, Where where) {
  return unary_of_output(
      kExp, x, where, [](const auto& v) { return exp_to_the_end(v); },
      [](const Tensor& g, const Tensor& y) { return mul(g, y); });
}

Tensor expm1(const Tensor& x, Where where) {
  return unary_of_output(kExpm1, x, where, on_each([](auto e) { return std::expm1(e); }),
                         [](const Tensor& g, const Tensor& y) { return mul(g, add(y, 1)); });
}

Tensor log(const Tensor& x, Where where) {
  return unary_of_input(
      kLog, x, where, [](const auto& v) { return log_from_the_start(v); },
      [](const Tensor& g, const Tensor& value) { return div(g, value); });
}

Tensor log1p(const Tensor& x, Where where) {
  return unary_of_input(kLog1p, x, where, on_each([](auto e) { return std::log1p(e); }),
                        [](const Tensor& g, const Tensor& value) { return div(g, add(value, 1)); });
}

Tensor sqrt(const Tensor& x, Where where) {
  // Not Eigen's sqrt, which multiplies by an approximate reciprocal root: NaN for infinity, and not
  // the nearest number.
  return unary_of_output(kSqrt, x, where, on_each([](auto e) { return std::sqrt(e); }),
                         [](const Tensor& g, const Tensor& y) { return div(g, mul(y, 2)); });
}

Tensor square(const Tensor& x, Where where) {
  require_defined("square", {&x});
  return record(kSquare, where,
                kernels::map_numeric("square", x, kernels::result_dtype(x, 2),
                                     [](const auto& v) { return v * v; }),
                wrt(x, [x = saved(x)](const Tensor& g) { return mul(mul(g, x.get()), 2); }));
}

Tensor abs(const Tensor& x, Where where) {
  require_defined("abs", {&x});
  return record(kAbs, where,
                kernels::map_numeric("abs", x, x.dtype(), [](const auto& v) { return v.abs(); }),
                wrt(x, [x = saved(x)](const Tensor& g) { return mul(g, sign(x.get())); }));
}

Tensor pow(const Tensor& x, Scalar exponent, Where where) {
  require_defined("pow", {&x});
  if (!is_floating_point(x.dtype()) && !is_floating_point(exponent.dtype()))
    return power_of_integers(x, exponent);
  const auto power = exponent.to<double>();
  const Tensor y = kernels::map_floating("pow", x, [power](const auto& v) {
    using T = ElementOf<decltype(v)>;
    return v.unaryExpr([power](T base) { return std::pow(base, static_cast<T>(power)); });
  });
  return record(kPow, where, y, wrt(x, [x = saved(x), power](const Tensor& g) {
                  // x^0 is constant, also at x = 0 where x^-1 is infinite.
                  if (power == 0) return mul(g, 0);
                  return mul(g, mul(pow(x.get(), power - 1), power));
                }));
}

Tensor pow(const Tensor& x, const Tensor& exponent, Where where) {
  require_defined("pow", {&x, &exponent});
  const DType dtype = kernels::result_dtype(x, exponent);
  if (!is_floating_point(dtype)) {
    if (any(lt(exponent, 0)).item<bool>()) {
      throw ValueError(str("pow: ", x.dtype(),
                           " to negative powers: integers have none; convert "
                           "with .to(kFloat32)"));
    }
    return kernels::zip_numeric("pow", x, exponent, dtype, [](const auto& a, const auto& b) {
      using T = ElementOf<decltype(a)>;
      return each(
          [](T base, T power) { return integer_power(base, static_cast<std::int64_t>(power)); }, a,
          b);
    });
  }
  const Tensor y =
      kernels::zip_numeric("pow", x, exponent, dtype, [](const auto& a, const auto& b) {
        using T = ElementOf<decltype(a)>;
        return each([](T base, T power) { return static_cast<T>(std::pow(base, power)); }, a, b);
      });
  return record(
      kPow, where, y,
      wrt(x,
          [like = Operand(x), x = saved(x), exponent = saved(exponent)](const Tensor& g) {
            const Tensor power = exponent.get();
            const Tensor slope = mul(power, pow(x.get(), sub(power, scalar_tensor(1))));
            return like.fit(mul(g, masked_fill(slope, expand(eq(power, 0), slope.sizes()), 0)));
          }),
      wrt(exponent, [like = Operand(exponent), y = saved_output(y), x = saved(x),
                     exponent = saved(exponent)](const Tensor& g) {
        // 0 to any power >= 0 is constant around it.
        const Tensor slope = mul(y.get(), log(x.get()));
        const Tensor flat = logical_and(eq(x.get(), 0), ge(exponent.get(), 0));
        return like.fit(mul(g, masked_fill(slope, flat, 0)));
      }));
}

Tensor pow(Scalar x, const Tensor& exponent, Where where) {
  return pow(wrapped("pow", x, exponent), exponent, where);
}

Tensor sin(const Tensor& x, Where where) {
  return unary_of_input(kSin, x, where, on_each([](auto e) { return std::sin(e); }),
                        [](const Tensor& g, const Tensor& value) { return mul(g, cos(value)); });
}

Tensor cos(const Tensor& x, Where where) {
  return unary_of_input(
      kCos, x, where, on_each([](auto e) { return std::cos(e); }),
      [](const Tensor& g, const Tensor& value) { return neg(mul(g, sin(value))); });
}

Tensor erf(const Tensor& x, Where where) {
  return unary_of_input(kErf, x, where, on_each([](auto e) { return std::erf(e); }),
                        [](const Tensor& g, const Tensor& value) {
                          return mul(mul(g, exp(neg(square(value)))), 2 * std::numbers::inv_sqrtpi);
                        });
}

Tensor sign(const Tensor& x, Where where) {
  require_defined("sign", {&x});
  if (x.dtype() == kBool) return clone(x);
  const Tensor y = kernels::map_numeric("sign", x, x.dtype(), [](const auto& v) {
    using T = ElementOf<decltype(v)>;
    // v * 0 is 0, or NaN where v is.
    return each([](T e) { return static_cast<T>(e > T(0) ? T(1) : (e < T(0) ? T(-1) : e * T(0))); },
                v);
  });
  return record(kSign, where, y, wrt(x, [](const Tensor& g) { return zeros_like(g); }));
}

Tensor relu(const Tensor& x, Where where) {
  require_defined("relu", {&x});
  const Tensor y = kernels::map_numeric("relu", x, x.dtype(), [](const auto& v) {
    using T = ElementOf<decltype(v)>;
    return each([](T e) { return e <= T(0) ? T(0) : e; }, v);
  });
  return record(kRelu, where, y, wrt(x, [y = saved_output(y)](const Tensor& g) {
                  return where_positive(g, y.get());
                }));
}

Tensor tanh(const Tensor& x, Where where) {
  return unary_of_output(
      kTanh, x, where, [](const auto& v) { return v.tanh(); },
      [](const Tensor& g, const Tensor& y) { return mul(g, 1 - square(y)); });
}

Tensor sigmoid(const Tensor& x, Where where) {
  return unary_of_output(
      kSigmoid, x, where, [](const auto& v) { return kernels::sigmoid_lanes(v); },
      [](const Tensor& g, const Tensor& y) { return mul(g, mul(y, 1 - y)); });
}

}  // namespace tarn
