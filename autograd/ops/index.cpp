#include <algorithm>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/overwritten.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/indexing.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/rows.h>
#include <tarn/tensor/str.h>

// Python's x[...]: numbers, slices and new dimensions become a view. The dimensions from which
// tensors pick are moved together and made one, from which rows are picked.
namespace tarn {
namespace {

const Op kIndexPut{"index_put"};

// A tensor of indices for a dimension of the view, which may lack one.
using Picks = std::vector<Tensor>;

// A 0-d tensor of integers counts as the number in it.
std::optional<std::int64_t> as_number(const Index& index) {
  if (index.kind == Index::Kind::number) return index.number;
  const Tensor& tensor = index.tensor;
  if (index.kind != Index::Kind::tensor || tensor.dim() > 0 ||
      (tensor.dtype() != kInt64 && tensor.dtype() != kInt32)) {
    return std::nullopt;
  }
  return tensor.item<std::int64_t>();
}

int dims_taken(const Index& index) {
  if (index.kind == Index::Kind::tensor && index.tensor.dtype() == kBool) return index.tensor.dim();
  return index.kind == Index::Kind::new_dim || index.kind == Index::Kind::ellipsis ? 0 : 1;
}

// How many dimensions "..." stands for.
int dims_left(const char* op, const Tensor& x, const std::vector<Index>& indices) {
  int taken = 0;
  int ellipses = 0;
  for (const Index& index : indices) {
    if (index.kind == Index::Kind::tensor) require_defined(op, {&index.tensor});
    taken += dims_taken(index);
    if (index.kind == Index::Kind::ellipsis) {
      ++ellipses;
      if (!index.text || std::string_view(index.text) != "...") {
        throw IndexError(str(op, ": an index \"", index.text ? index.text : "",
                             "\": the only text that may stand there is \"...\""));
      }
    }
  }
  if (ellipses > 1) throw IndexError(str(op, ": \"...\" appears ", ellipses, " times"));
  if (taken > x.dim()) {
    throw IndexError(str(op, ": ", taken, " indices for a tensor of shape ", x.sizes(), " with ",
                         x.dim(), " dimensions"));
  }
  return x.dim() - taken;
}

void pick_from(const char* op, const Tensor& tensor, const Tensor& view, int& dim, Picks& picks) {
  if (tensor.dtype() == kInt64 || tensor.dtype() == kInt32) {
    picks.resize(static_cast<std::size_t>(dim++));
    picks.push_back(tensor.to(kInt64));
    return;
  }
  if (tensor.dtype() != kBool)
    throw DTypeError(str(op, ": an index tensor is ", tensor.dtype(), ": expected int64 or bool"));
  if (tensor.dim() == 0) throw IndexError(str(op, ": a 0-d bool tensor picks from no dimension"));
  for (int d = 0; d < tensor.dim(); ++d) {
    if (tensor.sizes()[d] != view.sizes()[dim + d]) {
      throw ShapeError(str(op, ": a mask of shape ", tensor.sizes(), " does not fit shape ",
                           view.sizes(), " from dimension ", dim, " on"));
    }
  }
  const Tensor found = nonzero(tensor);
  for (int d = 0; d < tensor.dim(); ++d) {
    picks.resize(static_cast<std::size_t>(dim++));
    picks.push_back(select(found, 1, d));
  }
}

// The view that the plain entries make of x, and what the tensors among them pick from it.
Tensor resolve(const char* op, const Tensor& x, const std::vector<Index>& indices, Picks& picks,
               const Where& where) {
  const int left = dims_left(op, x, indices);
  Tensor view = x;
  int dim = 0;
  for (const Index& index : indices) {
    if (const std::optional<std::int64_t> i = as_number(index)) {
      view = select(view, dim, *i, where);
    } else if (index.kind == Index::Kind::slice) {
      const auto& [start, stop, step] = index.slice;
      view = slice(view, dim, start.value_or(0), stop.value_or(view.sizes()[dim]), step, where);
      ++dim;
    } else if (index.kind == Index::Kind::new_dim) {
      view = unsqueeze(view, dim++, where);
    } else if (index.kind == Index::Kind::ellipsis) {
      dim += left;
    } else {
      pick_from(op, index.tensor, view, dim, picks);
    }
  }
  return view;
}

// How picking with tensors becomes picking rows along one dimension.
struct Plan {
  Shape order;   // of the view's dimensions: those picked from stand together
  int dim = 0;   // where those, merged into one, are then
  Shape flat;    // the sizes with them merged
  Tensor rows;   // the rows of it, int64 [count]
  Shape result;  // the sizes of what is picked
};

// Indices of several dimensions, which broadcast to `shape`, as indices of those merged into one.
Tensor merged_rows(const char* op, const Tensor& view, const Picks& picks, const Shape& dims,
                   const Shape& shape) {
  Tensor rows = zeros(shape, {.dtype = kInt64});
  auto* const row = rows.data_ptr<std::int64_t>();
  for (const std::int64_t d : dims) {
    const std::int64_t size = view.size(d);
    const Tensor pick = expand(picks[static_cast<std::size_t>(d)], shape).contiguous();
    const auto* const value = pick.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < pick.numel(); ++i) {
      if (value[i] < -size || value[i] >= size) {
        throw IndexError(str(op, ": index ", value[i], " is out of range for dimension ", d,
                             " of shape ", view.sizes()));
      }
      row[i] = row[i] * size + (value[i] < 0 ? value[i] + size : value[i]);
    }
  }
  return reshape(rows, {-1});
}

Plan make_plan(const char* op, const Tensor& view, const Picks& picks) {
  Plan plan;
  Shape picked;
  Shape others;
  Shape shape;
  std::int64_t merged = 1;
  for (int d = 0; d < view.dim(); ++d) {
    const auto i = static_cast<std::size_t>(d);
    if (i >= picks.size() || !picks[i].defined()) {
      others.push_back(d);
      continue;
    }
    picked.push_back(d);
    shape = broadcast_shapes(op, shape, picks[i].sizes());
    merged *= view.sizes()[d];
  }
  const bool neighbours = picked.back() - picked[0] + 1 == picked.size();
  plan.dim = neighbours ? static_cast<int>(picked[0]) : 0;
  for (int i = 0; i <= others.size(); ++i) {
    if (i == plan.dim) {
      for (const std::int64_t d : picked) plan.order.push_back(d);
      plan.flat.push_back(merged);
      for (const std::int64_t size : shape) plan.result.push_back(size);
    }
    if (i == others.size()) break;
    plan.order.push_back(others[i]);
    plan.flat.push_back(view.size(others[i]));
    plan.result.push_back(view.size(others[i]));
  }
  plan.rows = merged_rows(op, view, picks, picked, shape);
  return plan;
}

// Of equal rows the last one stays, and it alone has a gradient.
Tensor grad_of_put(const Tensor& g, int dim, const Tensor& rows) {
  Shape sizes = Shape::filled(g.dim(), 1);
  sizes[dim] = rows.numel();
  const Tensor lost = reshape(overwritten({g.sizes()[dim]}, 0, rows), sizes);
  return masked_fill(index_select(g, dim, rows), lost, 0);
}

Tensor put_rows(const Tensor& x, int dim, const Tensor& rows, const Tensor& source,
                const Where& where) {
  return record(kIndexPut, where, kernels::put_rows(x, dim, rows, source),
                wrt(x,
                    [dim, rows, sizes = source.sizes()](const Tensor& g) {
                      return put_rows(g, dim, rows, zeros(sizes, {.dtype = g.dtype()}),
                                      Where::current());
                    }),
                wrt(source, [dim, rows](const Tensor& g) { return grad_of_put(g, dim, rows); }));
}

// Dimensions of size 1 in front, of which Python's x[...] = values takes any number.
Tensor without_extra_dims(Tensor values, int dims, const Where& where) {
  while (values.dim() > dims && values.size(0) == 1) values = squeeze(values, 0, where);
  return values;
}

}  // namespace

Tensor index(const Tensor& x, const std::vector<Index>& indices, Where where) {
  require_defined("index", {&x});
  Picks picks;
  Tensor view = resolve("index", x, indices, picks, where);
  if (picks.empty()) return view;
  const Plan to = make_plan("index", view, picks);
  const Tensor flat = reshape(permute(view, to.order, where), to.flat, where);
  return reshape(index_select(flat, to.dim, to.rows, where), to.result, where);
}

const Tensor& index_put_(const Tensor& x, const std::vector<Index>& indices, const Tensor& values,
                         bool accumulate, Where where) {
  require_defined("index_put_", {&x, &values});
  Picks picks;
  const Tensor view = resolve("index_put_", x, indices, picks, where);
  if (picks.empty()) {
    const Tensor fitting = without_extra_dims(values, view.dim(), where);
    if (accumulate) {
      view.add_(fitting, 1, where);
    } else {
      view.copy_(fitting, where);
    }
    return x;
  }
  const Plan to = make_plan("index_put_", view, picks);
  const Tensor fitting = without_extra_dims(values, to.result.size(), where);
  if (broadcast_shapes("index_put_", to.result, fitting.sizes()) != to.result) {
    throw ShapeError(str("index_put_: values of shape ", values.sizes(),
                         " do not broadcast to the indexed part's shape ", to.result));
  }
  Shape source_sizes = to.flat;
  source_sizes[to.dim] = to.rows.numel();
  const Tensor source =
      reshape(expand(tarn::to(fitting, x.dtype(), where), to.result, where), source_sizes, where);
  const Tensor moved = permute(view, to.order, where);
  const Tensor flat = reshape(moved, to.flat, where);
  const Tensor changed = accumulate ? index_add(flat, to.dim, to.rows, source, where)
                                    : put_rows(flat, to.dim, to.rows, source, where);
  moved.copy_(reshape(changed, moved.sizes(), where), where);
  return x;
}

const Tensor& index_put_(const Tensor& x, const std::vector<Index>& indices, Scalar value,
                         Where where) {
  require_defined("index_put_", {&x});
  return index_put_(x, indices, scalar_tensor(value, {.dtype = x.dtype()}), false, where);
}

}  // namespace tarn
