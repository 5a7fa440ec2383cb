#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/ops/matmul.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/gemm.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kMatmul{"matmul"};
const Op kLinear{"linear"};

template <class T>
kernels::Matrix<const T> as_matrix(const Tensor& x) {
  return {x.data_ptr<T>(), x.sizes()[0], x.sizes()[1], x.strides()[0], x.strides()[1]};
}

// a [M, K] x b [K, N] + bias [N], contiguous and outside the graph.
Tensor product(const char* op, const Tensor& a, const Tensor& b, const Tensor& bias) {
  const Tensor offsets =
      bias.defined() ? kernels::cast(bias, bias.dtype(), /*contiguous=*/true) : bias;
  Tensor out = empty({a.sizes()[0], b.sizes()[1]}, {.dtype = a.dtype()});
  kernels::visit_floating(op, a.dtype(), [&]<class T>() {
    kernels::gemm<T>(as_matrix<T>(a), as_matrix<T>(b),
                     {out.data_ptr<T>(), out.sizes()[0], out.sizes()[1], out.sizes()[1], 1},
                     offsets.defined() ? offsets.data_ptr<T>() : nullptr);
  });
  return out;
}

void check_same_floating(const char* op, const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || !is_floating_point(a.dtype())) {
    throw DTypeError(str(op, ": operands are ", a.dtype(), " and ", b.dtype(),
                         ": expected both float32 or both float64; convert one with .to()"));
  }
}

Tensor matmul_2d(const Tensor& a, const Tensor& b, const Where& where) {
  return record(
      kMatmul, where, product("matmul", a, b, {}),
      wrt(a, [b = saved(b)](const Tensor& g) { return matmul(g, transpose(b.get(), 0, 1)); }),
      wrt(b, [a = saved(a)](const Tensor& g) { return matmul(transpose(a.get(), 0, 1), g); }));
}

// Computed as [in, out], the layout in which the weight lies in memory.
struct LinearWeightGradient {
  SavedTensor x;
  Tensor operator()(const Tensor& g) const {
    return transpose(matmul(transpose(x.get(), 0, 1), g), 0, 1);
  }
  RowGradients rows(const Tensor& g) const {
    const Tensor input = x.get();
    return {.sum =
                [g, input](std::int64_t start, std::int64_t count) {
                  return matmul(transpose(narrow(g, 0, start, count), 0, 1),
                                narrow(input, 0, start, count));
                },
            .factor = input};
  }
};

struct LinearBiasGradient {
  Tensor operator()(const Tensor& g) const { return sum(g, {0}); }
  RowGradients rows(const Tensor& g) const {
    return {.sum = [g](std::int64_t start,
                       std::int64_t count) { return sum(narrow(g, 0, start, count), {0}); },
            .factor = ones({g.sizes()[0], 1}, {.dtype = g.dtype()})};
  }
};

Tensor linear_2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Where& where) {
  const Tensor transposed = weight.detach().transpose(0, 1);
  return record(kLinear, where, product("linear", x, transposed, bias),
                wrt(x, [w = saved(weight)](const Tensor& g) { return matmul(g, w.get()); }),
                wrt(weight, LinearWeightGradient{saved(x)}), wrt(bias, LinearBiasGradient{}));
}

void check_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (weight.dim() != 2) {
    throw ShapeError(
        str("linear: weight has shape ", weight.sizes(), ": expected [out_features, in_features]"));
  }
  const std::int64_t in_features = weight.sizes()[1];
  if (x.dim() == 0 || x.sizes().back() != in_features) {
    throw ShapeError(str("linear: input has ", x.dim() == 0 ? 0 : x.sizes().back(),
                         " features (shape ", x.sizes(), ") but weight is ", weight.sizes(),
                         ": expected the last dimension to be ", in_features));
  }
  check_same_floating("linear", x, weight);
  if (!bias.defined()) return;
  check_same_floating("linear", x, bias);
  if (bias.dim() != 1 || bias.sizes()[0] != weight.sizes()[0]) {
    throw ShapeError(str("linear: bias has shape ", bias.sizes(), " but weight is ", weight.sizes(),
                         ": expected [", weight.sizes()[0], "]"));
  }
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, Where where) {
  require_defined("matmul", {&a, &b});
  const int left = a.dim();
  const int right = b.dim();
  if (left < 1 || left > 2 || right < 1 || right > 2) {
    throw ShapeError(
        str("matmul: shapes ", a.sizes(), " and ", b.sizes(), ": expected 1-d or 2-d operands"));
  }
  const std::int64_t inner = b.sizes()[0];
  if (a.sizes().back() != inner) {
    throw ShapeError(str("matmul: shapes ", a.sizes(), " and ", b.sizes(), ": the inner sizes ",
                         a.sizes().back(), " and ", inner, " differ; expected [M, K] x [K, N]"));
  }
  check_same_floating("matmul", a, b);
  if (left == 2 && right == 2) return matmul_2d(a, b, where);
  const Tensor out = matmul_2d(left == 1 ? unsqueeze(a, 0, where) : a,
                               right == 1 ? unsqueeze(b, 1, where) : b, where);
  if (left == 1 && right == 1) return reshape(out, {}, where);
  return squeeze(out, left == 1 ? 0 : 1, where);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Where where) {
  require_defined("linear", {&x, &weight});
  check_linear(x, weight, bias);
  if (x.dim() == 2) return linear_2d(x, weight, bias, where);
  Shape shape = x.sizes();
  std::int64_t rows = 1;
  for (int d = 0; d + 1 < x.dim(); ++d) rows *= x.sizes()[d];
  shape[x.dim() - 1] = weight.sizes()[0];
  const Tensor flat = reshape(x, {rows, x.sizes().back()}, where);
  return reshape(linear_2d(flat, weight, bias, where), shape, where);
}

}  // namespace tarn
