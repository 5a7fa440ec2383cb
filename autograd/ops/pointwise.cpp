#include <cmath>
#include <limits>
#include <numbers>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/operand.h>
#include <tarn/autograd/detail/wrapped_number.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/kernels/elementwise.h>
#include <tarn/tensor/kernels/exp.h>
#include <tarn/tensor/random.h>

namespace tarn {
namespace {

using kernels::each;
using kernels::ElementOf;

const Op kExp{"exp"};
const Op kLog{"log"};
const Op kSqrt{"sqrt"};
const Op kSquare{"square"};
const Op kAbs{"abs"};
const Op kPow{"pow"};
const Op kRelu{"relu"};
const Op kTanh{"tanh"};
const Op kSigmoid{"sigmoid"};
const Op kDropout{"dropout"};
const Op kSin{"sin"};
const Op kCos{"cos"};
const Op kDropout2d{"dropout2d"};

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
  if (power < 0) {
    throw ValueError(str("pow: ", x.dtype(), " to the power ", power,
                         ": integers have no negative powers; convert with .to(kFloat32)"));
  }
  return kernels::map_numeric("pow", x, x.dtype(), [power](const auto& v) {
    using T = ElementOf<decltype(v)>;
    return v.unaryExpr([power](T base) { return integer_power(base, power); });
  });
}

// Each element is 0 with probability p, else 1 / (1 - p).
Tensor dropout_mask(const Shape& sizes, DType dtype, double p) {
  return kernels::map_floating("dropout", rand(sizes, {.dtype = dtype}), [p](const auto& v) {
    using T = ElementOf<decltype(v)>;
    const T kept = p < 1 ? T(1 / (1 - p)) : T(0);
    return each([p, kept](T e) { return e < T(p) ? T(0) : kept; }, v);
  });
}

// x times a mask of random zeros, of a shape that broadcasts to x's.
Tensor drop(const Op& op, const Tensor& x, double p, bool training, const Shape& mask_sizes,
            const Where& where) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(str(op.name(), ": p = ", p, ": expected a probability from 0 to 1"));
  if (!is_floating_point(x.dtype()))
    throw DTypeError(str(op.name(), ": expected float32 or float64, got ", x.dtype()));
  if (!training || p == 0) return x;
  const Tensor mask = dropout_mask(mask_sizes, x.dtype(), p);
  return record(
      op, where,
      kernels::zip_floating(op.name(), x, mask, [](const auto& a, const auto& m) { return a * m; }),
      wrt(x, [mask = saved(mask)](const Tensor& g) { return mul(g, mask.get()); }));
}

}  // namespace

Tensor exp(const Tensor& x, Where where) {
  require_defined("exp", {&x});
  const Tensor y = kernels::map_floating("exp", x, [](const auto& v) { return exp_to_the_end(v); });
  return record(kExp, where, y,
                wrt(x, [y = saved_output(y)](const Tensor& g) { return mul(g, y.get()); }));
}

Tensor log(const Tensor& x, Where where) {
  require_defined("log", {&x});
  return record(
      kLog, where,
      kernels::map_floating("log", x, [](const auto& v) { return log_from_the_start(v); }),
      wrt(x, [x = saved(x)](const Tensor& g) { return div(g, x.get()); }));
}

Tensor sqrt(const Tensor& x, Where where) {
  require_defined("sqrt", {&x});
  // Not Eigen's sqrt, which multiplies by an approximate reciprocal root: NaN for infinity, and not
  // the nearest number.
  const Tensor y = kernels::map_floating("sqrt", x, [](const auto& v) {
    using T = ElementOf<decltype(v)>;
    return each([](T e) { return std::sqrt(e); }, v);
  });
  return record(kSqrt, where, y,
                wrt(x, [y = saved_output(y)](const Tensor& g) { return div(g, mul(y.get(), 2)); }));
}

Tensor square(const Tensor& x, Where where) {
  require_defined("square", {&x});
  return record(kSquare, where,
                kernels::map_numeric("square", x, x.dtype(), [](const auto& v) { return v * v; }),
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
    if (any(lt(exponent, 0))) {
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
  require_defined("sin", {&x});
  return record(kSin, where,
                kernels::map_floating("sin", x,
                                      [](const auto& v) {
                                        using T = ElementOf<decltype(v)>;
                                        return each([](T e) { return std::sin(e); }, v);
                                      }),
                wrt(x, [x = saved(x)](const Tensor& g) { return mul(g, cos(x.get())); }));
}

Tensor cos(const Tensor& x, Where where) {
  require_defined("cos", {&x});
  return record(kCos, where,
                kernels::map_floating("cos", x,
                                      [](const auto& v) {
                                        using T = ElementOf<decltype(v)>;
                                        return each([](T e) { return std::cos(e); }, v);
                                      }),
                wrt(x, [x = saved(x)](const Tensor& g) { return neg(mul(g, sin(x.get()))); }));
}

Tensor sign(const Tensor& x) {
  require_defined("sign", {&x});
  return kernels::map_numeric("sign", x, x.dtype(), [](const auto& v) {
    using T = ElementOf<decltype(v)>;
    // v * 0 is 0, or NaN where v is.
    return each([](T e) { return static_cast<T>(e > T(0) ? T(1) : (e < T(0) ? T(-1) : e * T(0))); },
                v);
  });
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
  require_defined("tanh", {&x});
  const Tensor y = kernels::map_floating("tanh", x, [](const auto& v) { return v.tanh(); });
  return record(kTanh, where, y, wrt(x, [y = saved_output(y)](const Tensor& g) {
                  return mul(g, 1 - square(y.get()));
                }));
}

Tensor sigmoid(const Tensor& x, Where where) {
  require_defined("sigmoid", {&x});
  const Tensor y = kernels::map_floating("sigmoid", x, [](const auto& v) {
    // exp of a negative number cannot overflow.
    using T = ElementOf<decltype(v)>;
    const auto e = kernels::exp_lanes(std::decay_t<decltype(v)>(-v.abs()));
    return (each([](T value, T small) { return value < T(0) ? small : T(1); }, v, e) / (e + T(1)))
        .eval();
  });
  return record(kSigmoid, where, y, wrt(x, [y = saved_output(y)](const Tensor& g) {
                  const Tensor value = y.get();
                  return mul(g, mul(value, 1 - value));
                }));
}

Tensor dropout(const Tensor& x, double p, bool training, Where where) {
  require_defined("dropout", {&x});
  return drop(kDropout, x, p, training, x.sizes(), where);
}

Tensor dropout2d(const Tensor& x, double p, bool training, Where where) {
  require_defined("dropout2d", {&x});
  if (x.dim() != 4)
    throw ShapeError(str("dropout2d: input has shape ", x.sizes(), ": expected [N, C, H, W]"));
  return drop(kDropout2d, x, p, training, {x.sizes()[0], x.sizes()[1], 1, 1}, where);
}

}  // namespace tarn
