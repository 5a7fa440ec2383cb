#include <algorithm>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/operand.h>
#include <tarn/autograd/ops/joining.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/alias.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/promotion.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kCat{"cat"};

void require_some(const char* op, const std::vector<Tensor>& tensors) {
  if (tensors.empty())
    throw ValueError(str(op, ": the list of tensors is empty: expected at least one"));
  for (const Tensor& tensor : tensors) require_defined(op, {&tensor});
}

// Without elements or dimensions to speak of: where a list that grows by cat() begins.
bool is_blank(const Tensor& tensor) { return tensor.sizes() == Shape{0}; }

// All sizes but those along `dim` must agree.
void check_sizes(const std::vector<Tensor>& tensors, const Shape& first, int dim) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (is_blank(tensors[i])) continue;
    Shape sizes = tensors[i].sizes();
    const bool same_dims = sizes.size() == first.size();
    if (same_dims) sizes[dim] = first[dim];
    if (sizes == first) continue;
    throw ShapeError(str("cat: tensors[", i, "] has shape ", tensors[i].sizes(), " beside ", first,
                         ": expected them to differ in dimension ", dim, " only"));
  }
}

}  // namespace

Tensor cat(const std::vector<Tensor>& tensors, std::int64_t dim, Where where) {
  require_some("cat", tensors);
  const auto found = std::find_if_not(tensors.begin(), tensors.end(), is_blank);
  const Tensor& first = found == tensors.end() ? tensors.front() : *found;
  if (first.dim() == 0) throw ShapeError("cat: 0-d tensors have no dimension; use stack()");
  const int d = wrap_dim("cat", dim, first.dim());
  check_sizes(tensors, first.sizes(), d);
  Shape sizes = first.sizes();
  sizes[d] = 0;
  DType dtype = first.dtype();
  std::vector<std::int64_t> starts;
  std::vector<Operand> forms;
  for (const Tensor& tensor : tensors) {
    starts.push_back(sizes[d]);
    forms.emplace_back(tensor);
    const std::int64_t size = is_blank(tensor) ? 0 : tensor.sizes()[d];
    if (__builtin_add_overflow(sizes[d], size, &sizes[d]))
      throw ShapeError("cat: the sizes add up to more than 64 bits hold");
    dtype = promote_types(dtype, tensor.dtype());
  }
  Tensor out = empty(sizes, {.dtype = dtype});
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].numel() == 0) continue;
    const std::int64_t offset = starts[i] * out.strides()[d];
    kernels::copy_into(kernels::alias(out, tensors[i].sizes(), out.strides(), offset), tensors[i]);
  }
  starts.push_back(sizes[d]);
  return record_list(kCat, where, out, tensors, [d, starts, forms](std::size_t i, const Tensor& g) {
    const Tensor part = narrow(g, d, starts[i], starts[i + 1] - starts[i]);
    return to(reshape(part, forms[i].sizes), forms[i].dtype);
  });
}

Tensor stack(const std::vector<Tensor>& tensors, std::int64_t dim, Where where) {
  require_some("stack", tensors);
  const int place = wrap_dim("stack", dim, tensors.front().dim() + 1);
  std::vector<Tensor> rows;
  rows.reserve(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].sizes() != tensors.front().sizes()) {
      throw ShapeError(str("stack: tensors[", i, "] has shape ", tensors[i].sizes(),
                           ", tensors[0] ", tensors.front().sizes(), ": expected all alike"));
    }
    rows.push_back(unsqueeze(tensors[i], place, where));
  }
  return cat(rows, place, where);
}

Tensor repeat(const Tensor& x, const Shape& repeats, Where where) {
  require_defined("repeat", {&x});
  Shape sizes = x.sizes();
  while (sizes.size() < repeats.size()) sizes.insert(0, 1);
  if (sizes.size() > repeats.size()) {
    throw ShapeError(str("repeat: ", repeats.size(), " repeats ", repeats, " for shape ", x.sizes(),
                         ": expected one for each dimension"));
  }
  Tensor result = clone(reshape(x, sizes, where), where);
  for (int d = 0; d < repeats.size(); ++d) {
    if (repeats[d] < 0)
      throw ValueError(str("repeat: repeats ", repeats, ": expected no negative number"));
    if (repeats[d] == 1) continue;
    if (__builtin_mul_overflow(sizes[d], repeats[d], &sizes[d]))
      throw ShapeError(str("repeat: repeats ", repeats, " of shape ", x.sizes(),
                           ": expected sizes of less than 2^63"));
    std::int64_t outer = 1;
    for (int i = 0; i < d; ++i) outer *= sizes[i];
    const Shape rows = {outer, 1, outer == 0 ? 0 : result.numel() / outer};
    result = reshape(expand(reshape(result, rows, where), {outer, repeats[d], rows[2]}, where),
                     sizes, where);
  }
  return result;
}

std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& split_sizes,
                          std::int64_t dim, Where where) {
  require_defined("split", {&x});
  if (x.dim() == 0) throw ShapeError("split: a 0-d tensor has no dimension to split");
  const int d = wrap_dim("split", dim, x.dim());
  std::int64_t total = 0;
  bool fits = true;
  for (const std::int64_t size : split_sizes) {
    fits = fits && size >= 0 && size <= x.sizes()[d] - total;
    if (fits) total += size;
  }
  if (!fits || total != x.sizes()[d]) {
    throw ShapeError(str("split: the sizes do not add up to ", x.sizes()[d], ", the size of dim ",
                         dim, " of shape ", x.sizes()));
  }
  std::vector<Tensor> parts;
  std::int64_t start = 0;
  for (const std::int64_t size : split_sizes) {
    parts.push_back(narrow(x, d, start, size, where));
    start += size;
  }
  return parts;
}

namespace {

// A dimension may be empty or expanded, and have any number of parts.
void check_parts(const char* op, std::int64_t count) {
  constexpr std::int64_t kMost = 10'000'000;
  if (count > kMost) throw ValueError(str(op, ": ", count, " parts: expected at most ", kMost));
}

}  // namespace

std::vector<Tensor> split(const Tensor& x, std::int64_t split_size, std::int64_t dim, Where where) {
  require_defined("split", {&x});
  if (split_size < 1)
    throw ValueError(str("split: split_size = ", split_size, ": expected at least 1"));
  if (x.dim() == 0) throw ShapeError("split: a 0-d tensor has no dimension to split");
  const std::int64_t size = x.sizes()[wrap_dim("split", dim, x.dim())];
  check_parts("split", size / split_size);
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(size / split_size), split_size);
  if (size % split_size != 0 || size == 0) sizes.push_back(size % split_size);
  return split(x, sizes, dim, where);
}

std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, std::int64_t dim, Where where) {
  require_defined("chunk", {&x});
  if (chunks < 1) throw ValueError(str("chunk: chunks = ", chunks, ": expected at least 1"));
  if (x.dim() == 0) throw ShapeError("chunk: a 0-d tensor has no dimension to split");
  const std::int64_t size = x.sizes()[wrap_dim("chunk", dim, x.dim())];
  if (size == 0) check_parts("chunk", chunks);
  if (size == 0)
    return split(x, std::vector<std::int64_t>(static_cast<std::size_t>(chunks), 0), dim, where);
  return split(x, std::max<std::int64_t>(1, size / chunks + (size % chunks != 0)), dim, where);
}

}  // namespace tarn
