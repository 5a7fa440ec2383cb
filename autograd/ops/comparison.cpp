#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/operand.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/kernels/elementwise.h>
#include <tarn/tensor/kernels/is_nan.h>
#include <tarn/tensor/kernels/reduce.h>

namespace tarn {
namespace {

using kernels::each;
using kernels::ElementOf;

const Op kWhere{"where"};
const Op kMaximum{"maximum"};
const Op kMinimum{"minimum"};
const Op kClamp{"clamp"};

// f(a, b) as a bool tensor, for elements of type T.
template <class T, class F>
Tensor map_to_bool(const char* op, const Tensor& a, const Tensor& b, F f) {
  Tensor out = kernels::empty_result(broadcast_shapes(op, a.sizes(), b.sizes()), kBool, a, b);
  constexpr int lanes = kernels::kLanes<T>;
  kernels::map_into<lanes, bool, T, T>(
      out,
      [f](const auto& u, const auto& v) {
        kernels::Lanes<bool, lanes> result;
        for (int i = 0; i < lanes; ++i) result[i] = f(u[i], v[i]);
        return result;
      },
      a, b);
  return out;
}

// How two numbers stand to each other: exactly one of these.
enum Order : unsigned { kLess = 1, kEqual = 2, kGreater = 4, kUnordered = 8 };

// Whether a and b stand to each other in one of the ways in `orders`: all comparisons are one loop.
Tensor compare(const char* op, const Tensor& a, const Tensor& b, unsigned orders) {
  require_defined(op, {&a, &b});
  const DType dtype = kernels::result_dtype(a, b);
  const Tensor x = kernels::cast(a, dtype);
  const Tensor y = kernels::cast(b, dtype);
  return kernels::visit(dtype, [&]<class T>() {
    return map_to_bool<T>(op, x, y, [orders](T u, T v) {
      const unsigned order = u < v ? kLess : (u == v ? kEqual : (u > v ? kGreater : kUnordered));
      return (order & orders) != 0;
    });
  });
}

Tensor as_bool(const char* op, const Tensor& x) {
  require_defined(op, {&x});
  return kernels::cast(x, kBool);
}

void require_bool(const char* op, const Tensor& x) {
  require_defined(op, {&x});
  if (x.dtype() != kBool) {
    throw DTypeError(str(op, ": expected a bool tensor, got ", x.dtype(),
                         "; compare it with something, or use logical_and() and the like"));
  }
}

bool both_bool(const char* op, const Tensor& a, const Tensor& b) {
  require_defined(op, {&a, &b});
  return a.dtype() == kBool && b.dtype() == kBool;
}

// The one of a and b that beats the other, by `beats` or its `order`, or NaN if one is NaN.
template <class F>
Tensor better(const Op& op, const Tensor& a, const Tensor& b, const Where& place, Order order,
              F beats) {
  const auto choice = [beats](const auto& u, const auto& v) {
    using T = ElementOf<decltype(u)>;
    return each([beats](T x, T y) { return beats(x, y) || kernels::is_nan(x) ? x : y; }, u, v);
  };
  // Equal elements share the gradient.
  const auto gradient = [order](const Tensor& g, const Tensor& own, const Tensor& other) {
    const Tensor loses = compare("where", other, own, order);
    return where(loses, 0, where(eq(own, other), mul(g, 0.5), g));
  };
  return record(
      op, place, kernels::zip_numeric(op.name(), a, b, kernels::result_dtype(a, b), choice),
      wrt(a, [like = Operand(a), a = saved(a), b = saved(b),
              gradient](const Tensor& g) { return like.fit(gradient(g, a.get(), b.get())); }),
      wrt(b, [like = Operand(b), a = saved(a), b = saved(b), gradient](const Tensor& g) {
        return like.fit(gradient(g, b.get(), a.get()));
      }));
}

// A bound as an element: one beyond the type's range becomes the range's end.
template <class T>
T as_bound(Scalar bound) {
  if constexpr (std::is_floating_point_v<T>) {
    return bound.to<T>();
  } else {
    using Limits = std::numeric_limits<T>;
    return static_cast<T>(
        std::clamp<std::int64_t>(bound.to<std::int64_t>(), Limits::min(), Limits::max()));
  }
}

// x limited where there is a bound.
Tensor limited(const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max,
               const Where& place) {
  DType dtype = x.dtype();
  for (const auto& bound : {min, max}) {
    if (bound) dtype = promote_types(dtype, kernels::result_dtype(x, *bound));
  }
  Tensor y = kernels::map_numeric("clamp", x, dtype, [min, max](const auto& v) {
    using T = ElementOf<decltype(v)>;
    using Limits = std::numeric_limits<T>;
    constexpr bool floating = std::is_floating_point_v<T>;
    const T low = min ? as_bound<T>(*min) : (floating ? -Limits::infinity() : Limits::min());
    const T high = max ? as_bound<T>(*max) : (floating ? Limits::infinity() : Limits::max());
    // Comparisons with NaN are false, so NaN stays.
    return each([low, high](T e) { return e < low ? low : (e > high ? high : e); }, v);
  });
  return record(kClamp, place, y, wrt(x, [x = saved(x), min, max](const Tensor& g) {
                  const Tensor value = x.get().detach();
                  Tensor result = g;
                  if (min) result = tarn::where(value >= *min, result, 0);
                  if (max) result = tarn::where(value <= *max, result, 0);
                  return result;
                }));
}

void check_bound(const char* op, const Tensor& x, Scalar bound) {
  require_defined(op, {&x});
  if (std::isnan(bound.to<double>())) throw ValueError(str(op, ": the bound is NaN"));
}

}  // namespace

Tensor eq(const Tensor& a, const Tensor& b) { return compare("eq", a, b, kEqual); }
Tensor ne(const Tensor& a, const Tensor& b) {
  return compare("ne", a, b, kLess | kGreater | kUnordered);
}
Tensor lt(const Tensor& a, const Tensor& b) { return compare("lt", a, b, kLess); }
Tensor le(const Tensor& a, const Tensor& b) { return compare("le", a, b, kLess | kEqual); }
Tensor gt(const Tensor& a, const Tensor& b) { return compare("gt", a, b, kGreater); }
Tensor ge(const Tensor& a, const Tensor& b) { return compare("ge", a, b, kGreater | kEqual); }
Tensor eq(const Tensor& a, Scalar b) { return eq(a, wrapped("eq", b, a)); }
Tensor ne(const Tensor& a, Scalar b) { return ne(a, wrapped("ne", b, a)); }
Tensor lt(const Tensor& a, Scalar b) { return lt(a, wrapped("lt", b, a)); }
Tensor le(const Tensor& a, Scalar b) { return le(a, wrapped("le", b, a)); }
Tensor gt(const Tensor& a, Scalar b) { return gt(a, wrapped("gt", b, a)); }
Tensor ge(const Tensor& a, Scalar b) { return ge(a, wrapped("ge", b, a)); }

Tensor logical_and(const Tensor& a, const Tensor& b) {
  return map_to_bool<bool>("logical_and", as_bool("logical_and", a), as_bool("logical_and", b),
                           [](bool u, bool v) { return u && v; });
}
Tensor logical_or(const Tensor& a, const Tensor& b) {
  return map_to_bool<bool>("logical_or", as_bool("logical_or", a), as_bool("logical_or", b),
                           [](bool u, bool v) { return u || v; });
}
Tensor logical_not(const Tensor& x) { return eq(as_bool("logical_not", x), false); }

Tensor operator&(const Tensor& a, const Tensor& b) {
  require_bool("operator&", a);
  require_bool("operator&", b);
  return logical_and(a, b);
}
Tensor operator|(const Tensor& a, const Tensor& b) {
  require_bool("operator|", a);
  require_bool("operator|", b);
  return logical_or(a, b);
}
Tensor operator~(const Tensor& x) {
  require_bool("operator~", x);
  return logical_not(x);
}

Tensor isnan(const Tensor& x) { return compare("isnan", x, x, kUnordered); }
Tensor isinf(const Tensor& x) {
  require_defined("isinf", {&x});
  return logical_not(logical_or(isfinite(x), isnan(x)));
}
Tensor isfinite(const Tensor& x) {
  require_defined("isfinite", {&x});
  if (!is_floating_point(x.dtype())) return eq(x, x);
  const NoGradGuard no_grad;
  return lt(abs(x), std::numeric_limits<double>::infinity());
}

Tensor any(const Tensor& x) { return ne(kernels::sum(as_bool("any", x), ~0U, false), 0); }
Tensor any(const Tensor& x, std::int64_t dim, bool keepdim) {
  require_defined("any", {&x});
  return ne(kernels::sum(as_bool("any", x), kernels::dim_mask("any", dim, x.dim()), keepdim), 0);
}
Tensor all(const Tensor& x) {
  require_defined("all", {&x});
  return logical_not(any(logical_not(x)));
}
Tensor all(const Tensor& x, std::int64_t dim, bool keepdim) {
  require_defined("all", {&x});
  const kernels::DimMask mask = kernels::dim_mask("all", dim, x.dim());
  return eq(kernels::sum(logical_not(x), mask, keepdim), 0);
}

bool equal(const Tensor& a, const Tensor& b) {
  require_defined("equal", {&a, &b});
  return a.sizes() == b.sizes() && all(eq(a, b)).item<bool>();
}

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  require_defined("allclose", {&a, &b});
  if (!(rtol >= 0 && atol >= 0))
    throw ValueError(str("allclose: rtol = ", rtol, ", atol = ", atol, ": expected numbers >= 0"));
  const Tensor u = kernels::cast(a, kFloat64);
  const Tensor v = kernels::cast(b, kFloat64);
  const Tensor close = map_to_bool<double>("allclose", u, v, [=](double x, double y) {
    if (x == y || (equal_nan && kernels::is_nan(x) && kernels::is_nan(y))) return true;
    return std::isfinite(y) && std::abs(x - y) <= atol + rtol * std::abs(y);
  });
  return all(close).item<bool>();
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b, Where place) {
  require_defined("where", {&condition, &a, &b});
  if (condition.dtype() != kBool) {
    throw DTypeError(str("where: the condition is ", condition.dtype(),
                         ": expected bool; compare it with something, or use .to(kBool)"));
  }
  const DType dtype = kernels::result_dtype(a, b);
  const Tensor x = kernels::cast(a, dtype);
  const Tensor y = kernels::cast(b, dtype);
  const Shape shape =
      broadcast_shapes("where", condition.sizes(), broadcast_shapes("where", x.sizes(), y.sizes()));
  Tensor out = kernels::empty_result(shape, dtype, x, y);
  kernels::visit(dtype, [&]<class T>() {
    kernels::map_into<kernels::kLanes<T>, T, bool, T, T>(
        out,
        [](const auto& mask, const auto& u, const auto& v) {
          kernels::Lanes<T, kernels::kLanes<T>> result;
          for (int i = 0; i < kernels::kLanes<T>; ++i) result[i] = mask[i] ? u[i] : v[i];
          return result;
        },
        condition, x, y);
  });
  return record(kWhere, place, out,
                wrt(a, [like = Operand(a), mask = saved(condition)](
                           const Tensor& g) { return like.fit(tarn::where(mask.get(), g, 0)); }),
                wrt(b, [like = Operand(b), mask = saved(condition)](const Tensor& g) {
                  return like.fit(tarn::where(mask.get(), 0, g));
                }));
}

Tensor where(const Tensor& condition, const Tensor& a, Scalar b, Where place) {
  return where(condition, a, wrapped("where", b, a), place);
}
Tensor where(const Tensor& condition, Scalar a, const Tensor& b, Where place) {
  return where(condition, wrapped("where", a, b), b, place);
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value, Where place) {
  require_defined("masked_fill", {&x, &mask});
  if (broadcast_shapes("masked_fill", x.sizes(), mask.sizes()) != x.sizes()) {
    throw ShapeError(str("masked_fill: a mask of shape ", mask.sizes(),
                         " does not broadcast to the tensor's shape ", x.sizes()));
  }
  return where(mask, scalar_tensor(value, {.dtype = x.dtype()}), x, place);
}

Tensor maximum(const Tensor& a, const Tensor& b, Where place) {
  if (both_bool("maximum", a, b)) return logical_or(a, b);
  return better(kMaximum, a, b, place, kGreater, [](auto x, auto y) { return x > y; });
}

Tensor minimum(const Tensor& a, const Tensor& b, Where place) {
  if (both_bool("minimum", a, b)) return logical_and(a, b);
  return better(kMinimum, a, b, place, kLess, [](auto x, auto y) { return x < y; });
}

Tensor clamp(const Tensor& x, Scalar min, Scalar max, Where place) {
  check_bound("clamp", x, min);
  check_bound("clamp", x, max);
  if (!(min.to<double>() <= max.to<double>())) {
    throw ValueError(str("clamp: min = ", min.to<double>(), ", max = ", max.to<double>(),
                         ": expected min <= max"));
  }
  return limited(x, min, max, place);
}

Tensor clamp_min(const Tensor& x, Scalar min, Where place) {
  check_bound("clamp_min", x, min);
  return limited(x, min, std::nullopt, place);
}

Tensor clamp_max(const Tensor& x, Scalar max, Where place) {
  check_bound("clamp_max", x, max);
  return limited(x, std::nullopt, max, place);
}

}  // namespace tarn
