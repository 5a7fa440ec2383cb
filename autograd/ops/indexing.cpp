#include <tarn/autograd/detail/checks.h>
#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/overwritten.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/indexing.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/lines.h>
#include <tarn/tensor/kernels/rows.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/str.h>

// Picking along one dimension (index_select, index_add, gather, scatter, scatter_add).
namespace tarn {
namespace {

const Op kIndexSelect{"index_select"};
const Op kIndexAdd{"index_add"};
const Op kGather{"gather"};
const Op kScatter{"scatter"};
const Op kScatterAdd{"scatter_add"};

Tensor rows_of(const char* op, const Tensor& x, int dim, const Tensor& index) {
  if (index.dim() != 1)
    throw ShapeError(str(op, ": the index has shape ", index.sizes(), ": expected 1-d"));
  return checked_index(op, index, x.sizes()[dim]);
}

int dim_to_pick_from(const char* op, const Tensor& x, std::int64_t dim) {
  if (x.dim() == 0) throw IndexError(str(op, ": a 0-d tensor has no dimension to pick from"));
  return wrap_dim(op, dim, x.dim());
}

Tensor add_rows(const Tensor& x, int dim, const Tensor& rows, const Tensor& source,
                const Where& where);

Tensor select_rows(const Tensor& x, int dim, const Tensor& rows, const Where& where) {
  return record(kIndexSelect, where, kernels::select_rows(x, dim, rows),
                wrt(x, [sizes = x.sizes(), dim, rows](const Tensor& g) {
                  return add_rows(zeros(sizes, {.dtype = g.dtype()}), dim, rows, g,
                                  Where::current());
                }));
}

Tensor add_rows(const Tensor& x, int dim, const Tensor& rows, const Tensor& source,
                const Where& where) {
  return record(kIndexAdd, where, kernels::add_rows(x, dim, rows, source),
                wrt(x, [](const Tensor& g) { return g; }), wrt(source, [=](const Tensor& g) {
                  return select_rows(g, dim, rows, Where::current());
                }));
}

enum class Move {
  gather,      // out[..k..] = x[..index[..k..]..]
  scatter,     // out[..index[..k..]..] = x[..k..]
  scatter_add  // out[..index[..k..]..] += x[..k..]
};

void move_elements(Move move, const Tensor& from, const Tensor& to, int dim, const Tensor& index) {
  const kernels::Lines lines(index.sizes(), dim);
  const auto* const picks = index.data_ptr<std::int64_t>();
  kernels::visit(from.dtype(), [&]<class T>() {
    const T* const source = from.data_ptr<T>();
    T* const target = to.data_ptr<T>();
    lines.for_each([&](std::int64_t i) {
      const T* const in = source + lines.offset(i, from.strides());
      T* const out = target + lines.offset(i, to.strides());
      const std::int64_t in_step = lines.step(from.strides());
      const std::int64_t out_step = lines.step(to.strides());
      const std::int64_t* const pick = picks + lines.offset(i, index.strides());
      const std::int64_t pick_step = lines.step(index.strides());
      for (std::int64_t k = 0; k < lines.length(); ++k) {
        const std::int64_t p = pick[k * pick_step];
        if (move == Move::gather) {
          out[k * out_step] = in[p * in_step];
        } else if (move == Move::scatter) {
          out[p * out_step] = in[k * in_step];
        } else {
          out[p * out_step] = static_cast<T>(out[p * out_step] + in[k * in_step]);
        }
      }
    });
  });
}

// `inner` has the dimensions of `outer`, and no larger sizes except along `dim`.
void check_inside(const char* op, const char* name, const Shape& inner, const Shape& outer,
                  int dim) {
  bool fits = inner.size() == outer.size();
  for (int d = 0; fits && d < inner.size(); ++d) fits = d == dim || inner[d] <= outer[d];
  if (fits) return;
  throw ShapeError(str(op, ": an index of shape ", inner, " for a ", name, " of shape ", outer,
                       ": expected as many dimensions, and no larger size",
                       dim < 0 ? str() : str(" except along dim ", dim)));
}

Tensor scatter_along(Move move, const Tensor& x, int dim, const Tensor& index, const Tensor& source,
                     const Where& where);

Tensor gather_along(const Tensor& x, int dim, const Tensor& index, const Where& where) {
  Tensor out = empty(index.sizes(), {.dtype = x.dtype()});
  move_elements(Move::gather, x, out, dim, index);
  return record(kGather, where, out, wrt(x, [sizes = x.sizes(), dim, index](const Tensor& g) {
                  return scatter_along(Move::scatter_add, zeros(sizes, {.dtype = g.dtype()}), dim,
                                       index, g, Where::current());
                }));
}

Tensor scatter_along(Move move, const Tensor& x, int dim, const Tensor& index, const Tensor& source,
                     const Where& where) {
  Tensor out = clone(x.detach());
  move_elements(move, source, out, dim, index);
  return record(move == Move::scatter ? kScatter : kScatterAdd, where, out,
                wrt(x,
                    [move, dim, index](const Tensor& g) {
                      return move == Move::scatter ? scatter(g, dim, index, 0) : g;
                    }),
                wrt(source, [move, dim, index, sizes = source.sizes()](const Tensor& g) {
                  Tensor part = gather_along(g, dim, index, Where::current());
                  if (move == Move::scatter)
                    part = masked_fill(part, overwritten(g.sizes(), dim, index), 0);
                  if (part.sizes() == sizes) return part;
                  // Elements of the source beyond the index were not used.
                  Tensor whole = zeros(sizes, {.dtype = g.dtype()});
                  Tensor corner = whole;
                  for (int d = 0; d < part.dim(); ++d) corner = narrow(corner, d, 0, part.size(d));
                  corner.copy_(part);
                  return whole;
                }));
}

void check_source(const char* op, const Tensor& x, const Tensor& source) {
  if (source.dtype() == x.dtype()) return;
  throw DTypeError(str(op, ": the source is ", source.dtype(), " and the tensor ", x.dtype(),
                       ": expected the same; convert it with .to()"));
}

Tensor checked_scatter(Move move, const Tensor& x, std::int64_t dim, const Tensor& index,
                       const Tensor& source, const Where& where) {
  const char* const op = (move == Move::scatter ? kScatter : kScatterAdd).name();
  require_defined(op, {&x, &index, &source});
  const int d = wrap_dim(op, dim, x.dim());
  check_inside(op, "tensor", index.sizes(), x.sizes(), d);
  check_inside(op, "source", index.sizes(), source.sizes(), -1);
  check_source(op, x, source);
  const Tensor picks = checked_index(op, index, x.dim() == 0 ? 1 : x.sizes()[d]);
  return scatter_along(move, x, d, picks, source, where);
}

}  // namespace

Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index, Where where) {
  require_defined("index_select", {&x, &index});
  const int d = dim_to_pick_from("index_select", x, dim);
  return select_rows(x, d, rows_of("index_select", x, d, index), where);
}

Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
                 Where where) {
  require_defined("index_add", {&x, &index, &source});
  const int d = dim_to_pick_from("index_add", x, dim);
  const Tensor rows = rows_of("index_add", x, d, index);
  Shape expected = x.sizes();
  expected[d] = rows.numel();
  if (source.sizes() != expected) {
    throw ShapeError(str("index_add: the source has shape ", source.sizes(), ": expected ",
                         expected, ", a row for each of the indices"));
  }
  check_source("index_add", x, source);
  return add_rows(x, d, rows, source, where);
}

Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index, Where where) {
  require_defined("gather", {&x, &index});
  const int d = wrap_dim("gather", dim, x.dim());
  check_inside("gather", "tensor", index.sizes(), x.sizes(), d);
  return gather_along(x, d, checked_index("gather", index, x.dim() == 0 ? 1 : x.sizes()[d]), where);
}

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
               Where where) {
  return checked_scatter(Move::scatter, x, dim, index, source, where);
}

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value, Where where) {
  require_defined("scatter", {&x, &index});
  const Tensor source = expand(scalar_tensor(value, {.dtype = x.dtype()}), index.sizes());
  return checked_scatter(Move::scatter, x, dim, index, source, where);
}

Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
                   Where where) {
  return checked_scatter(Move::scatter_add, x, dim, index, source, where);
}

Tensor masked_select(const Tensor& x, const Tensor& mask, Where where) {
  require_defined("masked_select", {&x, &mask});
  const Shape shape = broadcast_shapes("masked_select", x.sizes(), mask.sizes());
  if (shape.empty()) return masked_select(reshape(x, {1}, where), reshape(mask, {1}), where);
  return tarn::index(expand(x, shape, where), {expand(mask, shape)}, where);
}

Tensor nonzero(const Tensor& x) {
  require_defined("nonzero", {&x});
  const Tensor truth = kernels::cast(x, kBool, /*contiguous=*/true);
  const bool* const values = truth.data_ptr<bool>();
  std::vector<std::int64_t> found;
  for (std::int64_t i = 0; i < truth.numel(); ++i) {
    if (!values[i]) continue;
    std::int64_t rest = i;
    const std::size_t first = found.size();
    found.resize(first + static_cast<std::size_t>(x.dim()));
    for (int d = x.dim() - 1; d >= 0; --d) {
      found[first + static_cast<std::size_t>(d)] = rest % x.sizes()[d];
      rest /= x.sizes()[d];
    }
  }
  const auto count = x.dim() == 0 ? std::int64_t{truth.numel() == 1 && values[0]}
                                  : static_cast<std::int64_t>(found.size()) / x.dim();
  return from_vector(found, {count, x.dim()});
}

Tensor flip(const Tensor& x, const Shape& dims, Where where) {
  require_defined("flip", {&x});
  Tensor result = x;
  unsigned seen = 0;
  for (const std::int64_t dim : dims) {
    const int d = wrap_dim("flip", dim, x.dim());
    if ((seen >> d & 1U) != 0)
      throw IndexError(str("flip: dim ", dim, " appears twice in ", dims, ": expected each once"));
    seen |= 1U << d;
    if (x.dim() == 0) continue;
    const std::int64_t last = x.sizes()[d] - 1;
    Tensor backwards = arange(last + 1);
    auto* const index = backwards.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i <= last; ++i) index[i] = last - i;
    result = select_rows(result, d, backwards, where);
  }
  return result.is_same(x) ? clone(x, where) : result;
}

}  // namespace tarn
