#include <algorithm>
#include <span>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/ownership.h>
#include <tarn/autograd/detail/profile_scope.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/matmul.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/detail/pending_product.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/gemm.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kMatmul{"matmul"};
const Op kLinear{"linear"};

// Multiply-adds below which another thread costs more than it saves.
constexpr std::int64_t kGrainWork = 400'000;
// A weight's gradient is left as a product while its factors have less than this part of its
// elements.
constexpr std::int64_t kPendingShare = 4;

// The matrix that the last two dimensions of x form, `offset` elements after its first.
template <class T>
kernels::Matrix<const T> as_matrix(const Tensor& x, std::int64_t offset = 0) {
  const int rows = x.dim() - 2;
  return {x.data_ptr<T>() + offset, x.sizes()[rows], x.sizes()[rows + 1], x.strides()[rows],
          x.strides()[rows + 1]};
}

Shape batch_of(const Tensor& x) { return Shape(std::span(x.sizes().begin(), x.sizes().end() - 2)); }

// x with its batch dimensions expanded to `batch`, outside the graph.
Tensor expand_batch(const Tensor& x, Shape batch) {
  for (int d = x.dim() - 2; d < x.dim(); ++d) batch.push_back(x.sizes()[d]);
  return expand(x.detach(), batch);
}

// Where the i-th matrix of x begins.
std::int64_t batch_offset(const Tensor& x, std::int64_t i) {
  std::int64_t offset = 0;
  for (int d = x.dim() - 3; d >= 0; --d) {
    offset += i % x.sizes()[d] * x.strides()[d];
    i /= x.sizes()[d];
  }
  return offset;
}

// a [*, M, K] x b [*, K, N] + bias [N], contiguous and outside the graph.
Tensor product(const char* op, const Tensor& a, const Tensor& b, const Tensor& bias) {
  const Tensor offsets =
      bias.defined() ? kernels::cast(bias, bias.dtype(), /*contiguous=*/true) : bias;
  Shape sizes = batch_of(a);
  const std::int64_t count = numel(sizes);
  sizes.push_back(a.sizes()[a.dim() - 2]);
  sizes.push_back(b.sizes().back());
  Tensor out = empty(sizes, {.dtype = a.dtype()});
  if (out.numel() == 0) return out;
  const std::int64_t rows = sizes[sizes.size() - 2];
  const std::int64_t columns = sizes.back();
  // One product uses all threads by itself; of many, each thread takes its share.
  const std::int64_t work = std::max<std::int64_t>(1, rows * columns * a.sizes().back());
  const std::int64_t grain = std::max<std::int64_t>(1, kGrainWork / work);
  parallel_for(0, count, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      kernels::visit_numeric(op, a.dtype(), [&]<class T>() {
        kernels::gemm<T>(as_matrix<T>(a, batch_offset(a, i)), as_matrix<T>(b, batch_offset(b, i)),
                         {out.data_ptr<T>() + i * rows * columns, rows, columns, columns, 1},
                         offsets.defined() ? offsets.data_ptr<T>() : nullptr);
      });
    }
  });
  return out;
}

void check_same_type(const char* op, const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.dtype() == kBool) {
    throw DTypeError(str(op, ": operands are ", a.dtype(), " ", a.sizes(), " and ", b.dtype(), " ",
                         b.sizes(),
                         ": expected the same type, and not bool; convert one with .to()"));
  }
}

// a [*, M, K] x b [*, K, N]
Tensor matmul_nd(const Tensor& a, const Tensor& b, const Where& where) {
  const Shape batch = broadcast_shapes("matmul", batch_of(a), batch_of(b));
  const bool flat = batch.empty();
  return record(
      kMatmul, where,
      product("matmul", flat ? a : expand_batch(a, batch), flat ? b : expand_batch(b, batch), {}),
      wrt(a, [b = saved(b), sizes = a.sizes()](
                 const Tensor& g) { return sum_to(matmul(g, transpose(b.get(), -2, -1)), sizes); }),
      wrt(b, [a = saved(a), sizes = b.sizes()](const Tensor& g) {
        return sum_to(matmul(transpose(a.get(), -2, -1), g), sizes);
      }));
}

// Computed as [in, out], the layout in which the weight lies in memory.
struct LinearWeightGradient {
  SavedTensor x;
  Tensor operator()(const Tensor& g) const {
    const Tensor input = x.get();
    const std::int64_t in = input.sizes()[1];
    const std::int64_t out = g.sizes()[1];
    // A profiler charges the product to the op that it belongs to.
    if (is_grad_enabled() || detail::current_profiler() ||
        kPendingShare * input.sizes()[0] * (in + out) >= in * out)
      return transpose(matmul(transpose(input, 0, 1), g), 0, 1);
    // Others may write to what they can see before the product is computed.
    return pending_product(transpose(clone(input), 0, 1), is_only_owner(g) ? g : clone(g),
                           {out, in}, {1, out});
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
  if (x.dim() == 0) {
    throw ShapeError(str("linear: the input has shape []: expected [*, ", in_features, "]"));
  }
  if (x.sizes().back() != in_features) {
    throw ShapeError(str("linear: input has ", x.sizes().back(), " features (shape ", x.sizes(),
                         ") but weight is ", weight.sizes(), ": expected the last dimension to be ",
                         in_features));
  }
  check_same_type("linear", x, weight);
  if (!bias.defined()) return;
  check_same_type("linear", x, bias);
  if (bias.dim() != 1 || bias.sizes()[0] != weight.sizes()[0]) {
    throw ShapeError(str("linear: bias has shape ", bias.sizes(), " but weight is ", weight.sizes(),
                         ": expected [", weight.sizes()[0], "]"));
  }
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, Where where) {
  require_defined("matmul", {&a, &b});
  if (a.dim() == 0 || b.dim() == 0) {
    throw ShapeError(str("matmul: shapes ", a.sizes(), " and ", b.sizes(),
                         ": expected operands of at least 1 dimension"));
  }
  const std::int64_t inner = b.sizes()[std::max(b.dim() - 2, 0)];
  if (a.sizes().back() != inner) {
    throw ShapeError(str("matmul: shapes ", a.sizes(), " and ", b.sizes(), ": the inner sizes ",
                         a.sizes().back(), " and ", inner,
                         " differ; expected [*, M, K] x [*, K, N]"));
  }
  check_same_type("matmul", a, b);
  if (a.dim() > 2 && b.dim() <= 2) {
    // One large product instead of many small ones.
    Shape shape = a.sizes();
    shape.erase(shape.size() - 1);
    const Tensor rows = reshape(a, {numel(shape), inner}, where);
    if (b.dim() == 2) shape.push_back(b.sizes()[1]);
    return reshape(matmul(rows, b, where), shape, where);
  }
  const Tensor out = matmul_nd(a.dim() == 1 ? unsqueeze(a, 0, where) : a,
                               b.dim() == 1 ? unsqueeze(b, 1, where) : b, where);
  if (a.dim() == 1 && b.dim() == 1) return reshape(out, {}, where);
  if (a.dim() == 1) return squeeze(out, -2, where);
  return b.dim() == 1 ? squeeze(out, -1, where) : out;
}

Tensor mm(const Tensor& a, const Tensor& b, Where where) {
  require_defined("mm", {&a, &b});
  if (a.dim() != 2 || b.dim() != 2) {
    throw ShapeError(str("mm: shapes ", a.sizes(), " and ", b.sizes(),
                         ": expected two matrices; matmul() takes batches and vectors"));
  }
  return matmul(a, b, where);
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
