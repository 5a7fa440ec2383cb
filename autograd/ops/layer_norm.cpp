#include <algorithm>
#include <array>
#include <cmath>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/layer_norm.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kLayerNorm{"layer_norm"};

// f(row index, first element of the row) for every row of `width` elements.
template <class F>
void for_rows(std::int64_t rows, std::int64_t width, F f) {
  parallel_for(0, rows, std::max<std::int64_t>(1, 4096 / std::max<std::int64_t>(width, 1)),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t r = begin; r < end; ++r) f(r, r * width);
               });
}

// The sum of term(0), ..., term(count - 1) in float64: eight chains, so that they overlap.
template <class F>
double sum_of(std::int64_t count, F term) {
  constexpr std::int64_t chains = 8;
  std::array<double, chains> sums{};
  std::int64_t i = 0;
  for (; i + chains <= count; i += chains) {
    for (std::int64_t k = 0; k < chains; ++k) sums[static_cast<std::size_t>(k)] += term(i + k);
  }
  for (; i < count; ++i) sums[0] += term(i);
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

// Rows with mean 0 and variance 1, and by what each was multiplied, [rows, 1].
struct Normalized {
  Tensor y;
  Tensor scale;
};

Normalized normalize(const Tensor& rows, double eps) {
  const std::int64_t width = rows.sizes()[1];
  const Tensor x = kernels::cast(rows, rows.dtype(), /*contiguous=*/true);
  Normalized out{empty(x.sizes(), {.dtype = x.dtype()}),
                 empty({x.sizes()[0], 1}, {.dtype = x.dtype()})};
  kernels::visit_floating("layer_norm", x.dtype(), [&]<class T>() {
    for_rows(x.sizes()[0], width,
             [&, n = static_cast<double>(width)](std::int64_t r, std::int64_t at) {
               const T* const in = x.data_ptr<T>() + at;
               T* const y = out.y.data_ptr<T>() + at;
               const double mean = sum_of(width, [&](std::int64_t i) { return double{in[i]}; }) / n;
               const double variance = sum_of(width,
                                              [&](std::int64_t i) {
                                                const double d = in[i] - mean;
                                                return d * d;
                                              }) /
                                       n;
               const double scale = 1 / std::sqrt(variance + eps);
               for (std::int64_t i = 0; i < width; ++i)
                 y[i] = static_cast<T>((in[i] - mean) * scale);
               out.scale.data_ptr<T>()[r] = static_cast<T>(scale);
             });
  });
  return out;
}

// scale (g - mean(g) - y mean(g y)) in each row.
Tensor input_gradient(const Tensor& gradient, const Tensor& y, const Tensor& scale) {
  const std::int64_t width = y.sizes()[1];
  const Tensor g = kernels::cast(gradient, y.dtype(), /*contiguous=*/true);
  Tensor out = empty(y.sizes(), {.dtype = y.dtype()});
  kernels::visit_floating("layer_norm", y.dtype(), [&]<class T>() {
    for_rows(y.sizes()[0], width,
             [&, n = static_cast<double>(width)](std::int64_t r, std::int64_t at) {
               const T* const up = g.data_ptr<T>() + at;
               const T* const value = y.data_ptr<T>() + at;
               T* const result = out.data_ptr<T>() + at;
               const double mean = sum_of(width, [&](std::int64_t i) { return double{up[i]}; }) / n;
               const double slope =
                   sum_of(width, [&](std::int64_t i) { return double{up[i]} * value[i]; }) / n;
               const double factor = scale.data_ptr<T>()[r];
               for (std::int64_t i = 0; i < width; ++i)
                 result[i] = static_cast<T>(factor * (up[i] - mean - value[i] * slope));
             });
  });
  return out;
}

// The same as a function of x [rows, width] and g, for second derivatives.
Tensor differentiable_gradient(const Tensor& g, const Tensor& x, double eps) {
  const auto row_mean = [](const Tensor& t) { return mean(t, {1}, /*keepdim=*/true); };
  const Tensor centred = x - row_mean(x);
  const Tensor scale = pow(row_mean(square(centred)) + eps, -0.5);
  const Tensor y = centred * scale;
  return scale * (g - row_mean(g) - y * row_mean(g * y));
}

void check(const Tensor& x, const Shape& normalized_shape, double eps,
           std::initializer_list<const Tensor*> affine) {
  const int first = x.dim() - normalized_shape.size();
  bool fits = first >= 0 && !normalized_shape.empty();
  for (int d = 0; fits && d < normalized_shape.size(); ++d)
    fits = x.sizes()[first + d] == normalized_shape[d];
  if (!fits) {
    throw ShapeError(str("layer_norm: input has shape ", x.sizes(), " and normalized_shape is ",
                         normalized_shape, ": expected the input's last dimensions"));
  }
  if (!is_floating_point(x.dtype()))
    throw DTypeError(str("layer_norm: expected float32 or float64, got ", x.dtype()));
  if (!(eps >= 0)) throw ValueError(str("layer_norm: eps = ", eps, ": expected a number >= 0"));
  for (const Tensor* const parameter : affine) {
    if (!parameter->defined()) continue;
    if (parameter->sizes() != normalized_shape) {
      throw ShapeError(str("layer_norm: weight or bias has shape ", parameter->sizes(),
                           ": expected normalized_shape ", normalized_shape));
    }
    if (parameter->dtype() != x.dtype()) {
      throw DTypeError(str("layer_norm: input is ", x.dtype(), " and weight or bias ",
                           parameter->dtype(), ": expected the same; convert one with .to()"));
    }
  }
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight,
                  const Tensor& bias, double eps, Where where) {
  require_defined("layer_norm", {&x});
  check(x, normalized_shape, eps, {&weight, &bias});
  std::int64_t width = 1;
  for (int d = 0; d < normalized_shape.size(); ++d) width *= normalized_shape[d];
  const Shape flat{width == 0 ? 0 : x.numel() / width, width};
  const Tensor rows = x.sizes() == flat ? x : reshape(x, flat, where);
  const Normalized normalized = normalize(rows, eps);
  Tensor y = record(kLayerNorm, where, normalized.y,
                    wrt(rows, [x = saved(rows), y = saved_output(normalized.y),
                               scale = saved(normalized.scale), eps](const Tensor& g) {
                      if (is_grad_enabled()) return differentiable_gradient(g, x.get(), eps);
                      return input_gradient(g, y.get(), scale.get());
                    }));
  if (x.sizes() != flat) y = reshape(y, x.sizes(), where);
  if (weight.defined()) y = mul(y, weight, where);
  return bias.defined() ? add(y, bias, 1, where) : y;
}

}  // namespace tarn
