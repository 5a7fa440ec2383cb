#include <cmath>
#include <numbers>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/unary.h>
#include <tarn/autograd/ops/activations.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/kernels/elementwise.h>
#include <tarn/tensor/kernels/exp.h>
#include <tarn/tensor/kernels/normal_cdf.h>
#include <tarn/tensor/str.h>

// A first derivative that is one kernel ("slope") is recorded under the name of its op, with its
// own derivative, so that backward() takes one pass over the elements and second derivatives work.
namespace tarn {
namespace {

using kernels::each;
using kernels::ElementOf;

const Op kLeakyRelu{"leaky_relu"};
const Op kElu{"elu"};
const Op kSilu{"silu"};
const Op kGelu{"gelu"};
const Op kSoftplus{"softplus"};

constexpr double kInvSqrt2Pi = std::numbers::inv_sqrtpi / std::numbers::sqrt2;

// Outside the graph: it is constant wherever it has a derivative.
Tensor leaky_relu_slope(const Tensor& x, double negative_slope) {
  return kernels::map_floating("leaky_relu", x, [negative_slope](const auto& v) {
    using T = ElementOf<decltype(v)>;
    return each(
        [slope = T(negative_slope)](T e) { return e > T(0) ? T(1) : (e <= T(0) ? slope : e); }, v);
  });
}

// The derivative of elu of the given order, >= 1.
Tensor elu_slope(const Tensor& x, double alpha, int order) {
  const Tensor slope = kernels::map_floating("elu", x, [alpha, order](const auto& v) {
    using T = ElementOf<decltype(v)>;
    const auto e = kernels::exp_lanes(each([](T a) { return a > T(0) ? T(0) : a; }, v));
    return each([=](T a, T b) { return a > T(0) ? T(order == 1) : T(alpha) * b; }, v, e);
  });
  return record(kElu, Where::current(), slope,
                wrt(x, [x = saved(x), alpha, order](const Tensor& g) {
                  return mul(g, elu_slope(x.get(), alpha, order + 1));
                }));
}

// s (1 + x (1 - s)) with s = sigmoid(x).
Tensor silu_slope(const Tensor& x) {
  const Tensor slope = kernels::map_floating("silu", x, [](const auto& v) {
    using L = std::decay_t<decltype(v)>;
    using T = ElementOf<L>;
    const L s = kernels::sigmoid_lanes(v);
    return L(s * (v * (T(1) - s) + T(1)));
  });
  return record(kSilu, Where::current(), slope, wrt(x, [x = saved(x)](const Tensor& g) {
                  const Tensor s = sigmoid(x.get());
                  return mul(g, s * (1 - s) * (2 + x.get() * (1 - 2 * s)));
                }));
}

// cdf(x) + x pdf(x); its derivative is (2 - x^2) pdf(x).
Tensor gelu_slope(const Tensor& x) {
  const Tensor slope = kernels::map_floating("gelu", x, [](const auto& v) {
    using L = std::decay_t<decltype(v)>;
    const L gauss = kernels::gauss_lanes(v);
    return L(kernels::normal_cdf_lanes(v, gauss) + v * gauss * ElementOf<L>(kInvSqrt2Pi));
  });
  return record(kGelu, Where::current(), slope, wrt(x, [x = saved(x)](const Tensor& g) {
                  const Tensor square_x = square(x.get());
                  return mul(g, (2 - square_x) * exp(square_x * -0.5) * kInvSqrt2Pi);
                }));
}

// sigmoid(beta x), and 1 where beta x > threshold.
Tensor softplus_slope(const Tensor& x, double beta, double threshold) {
  const Tensor slope = kernels::map_floating("softplus", x, [beta, threshold](const auto& v) {
    using L = std::decay_t<decltype(v)>;
    using T = ElementOf<L>;
    const L z = v * T(beta);
    return each([threshold](T a, T s) { return a > T(threshold) ? T(1) : s; }, z,
                kernels::sigmoid_lanes(z));
  });
  return record(kSoftplus, Where::current(), slope,
                wrt(x, [s = saved_output(slope), beta](const Tensor& g) {
                  const Tensor value = s.get();
                  return mul(g, value * (1 - value) * beta);
                }));
}

}  // namespace

Tensor leaky_relu(const Tensor& x, double negative_slope, Where where) {
  return unary_of_input(
      kLeakyRelu, x, where,
      [negative_slope](const auto& v) {
        using T = ElementOf<decltype(v)>;
        return each([slope = T(negative_slope)](T e) { return e > T(0) ? e : e * slope; }, v);
      },
      [negative_slope](const Tensor& g, const Tensor& value) {
        return mul(g, leaky_relu_slope(value, negative_slope));
      });
}

Tensor elu(const Tensor& x, double alpha, Where where) {
  return unary_of_input(
      kElu, x, where,
      [alpha](const auto& v) {
        using T = ElementOf<decltype(v)>;
        return each([a = T(alpha)](T e) { return e > T(0) ? e : a * std::expm1(e); }, v);
      },
      [alpha](const Tensor& g, const Tensor& value) { return mul(g, elu_slope(value, alpha, 1)); });
}

Tensor silu(const Tensor& x, Where where) {
  // x exp(x) / (1 + exp(x)) for x < 0 with exp(x / 2) twice, which reaches as far as the result
  // does.
  return unary_of_input(
      kSilu, x, where,
      [](const auto& v) {
        using L = std::decay_t<decltype(v)>;
        using T = ElementOf<L>;
        const L half = kernels::exp_lanes(L(v.abs() * T(-0.5)));
        const L factor = each([](T e, T h) { return e < T(0) ? h : T(1); }, v, half);
        return L(v * factor * (factor / (half * half + T(1))));
      },
      [](const Tensor& g, const Tensor& value) { return mul(g, silu_slope(value)); });
}

Tensor gelu(const Tensor& x, Gelu approximate, Where where) {
  require_defined("gelu", {&x});
  if (approximate == Gelu::tanh) {
    // (1 + tanh(u)) / 2 = sigmoid(2u), which keeps its digits for negative u.
    const double scale = std::sqrt(8 / std::numbers::pi);
    const Tensor u =
        mul(x, add(mul(square(x, where), 0.044715 * scale, where), scale, where), where);
    return mul(x, sigmoid(u, where), where);
  }
  return unary_of_input(
      kGelu, x, where,
      [](const auto& v) {
        using L = std::decay_t<decltype(v)>;
        return L(v * kernels::normal_cdf_lanes(v, kernels::gauss_lanes(v)));
      },
      [](const Tensor& g, const Tensor& value) { return mul(g, gelu_slope(value)); });
}

Tensor softplus(const Tensor& x, double beta, double threshold, Where where) {
  if (!std::isfinite(beta) || beta == 0)
    throw ValueError(str("softplus: beta = ", beta, ": expected a finite number other than 0"));
  const auto value = [beta, threshold](const auto& v) {
    using L = std::decay_t<decltype(v)>;
    using T = ElementOf<L>;
    const L z = v * T(beta);
    const L small = kernels::exp_lanes(L(-z.abs()));
    return each(
        [=](T e, T a, T b) {
          return a > T(threshold) ? e : ((a < T(0) ? T(0) : a) + std::log1p(b)) / T(beta);
        },
        v, z, small);
  };
  return unary_of_input(kSoftplus, x, where, value,
                        [beta, threshold](const Tensor& g, const Tensor& z) {
                          return mul(g, softplus_slope(z, beta, threshold));
                        });
}

}  // namespace tarn
