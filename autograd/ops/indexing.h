#pragma once

#include <optional>
#include <vector>

#include <tarn/tensor/error.h>
#include <tarn/tensor/tensor.h>

namespace tarn {

/// "Nothing given": an open end of a Slice, or a new dimension of size 1 in an index.
inline constexpr std::nullopt_t None = std::nullopt;

/// Elements start, start + step, ... below stop, as Python's start:stop:step; `Slice()` takes all.
struct Slice {
  Slice(std::optional<std::int64_t> first = None,  // NOLINT(google-explicit-constructor)
        std::optional<std::int64_t> end = None, std::int64_t by = 1)
      : start(first), stop(end), step(by) {}
  std::optional<std::int64_t> start;
  std::optional<std::int64_t> stop;
  std::int64_t step;
};

/// One entry of an index: a number, a Slice, None, "..." or a tensor of indices or bools.
struct Index {
  enum class Kind { number, slice, new_dim, ellipsis, tensor };

  Index(std::integral auto index)  // NOLINT(google-explicit-constructor)
      : kind(Kind::number), number(static_cast<std::int64_t>(index)) {}
  Index(Slice part) : kind(Kind::slice), slice(part) {}                  // NOLINT
  Index(std::nullopt_t) : kind(Kind::new_dim) {}                         // NOLINT
  Index(const char* ellipsis) : kind(Kind::ellipsis), text(ellipsis) {}  // NOLINT
  Index(Tensor picks) : kind(Kind::tensor), tensor(std::move(picks)) {}  // NOLINT

  Kind kind;
  std::int64_t number = 0;
  Slice slice{};
  const char* text = nullptr;
  Tensor tensor{};
};

/// The part of x that Python's x[i, j, ...] gives:
///
///   index(x, {0, Slice(1, None, 2)})       x[0, 1::2], a view
///   index(x, {"...", None, -1})            x[..., None, -1], a view
///   index(x, {mask})                       x[mask], the elements where a bool tensor is true
///   index(x, {rows, columns})              x[rows, columns], pairs of int64 indices that broadcast
///
/// A view as long as no tensor is among the indices, else a copy. The dimensions that tensors pick
/// from are replaced by those of the broadcast indices, in their place when they are neighbours,
/// else in front. Throws IndexError for an index out of range or too many of them, ShapeError for
/// a mask of another shape, DTypeError for tensors that are neither integer nor bool.
Tensor index(const Tensor& x, const std::vector<Index>& indices, Where where = Where::current());

/// x[indices] = values, in place; `values` broadcasts, without the dimensions of size 1 that it has
/// too many in front. With `accumulate` adds instead, also several
/// times to an element that is picked several times; without, the last value stays. Returns x.
/// Throws as index() and the in-place methods do.
const Tensor& index_put_(const Tensor& x, const std::vector<Index>& indices, const Tensor& values,
                         bool accumulate = false, Where where = Where::current());
const Tensor& index_put_(const Tensor& x, const std::vector<Index>& indices, Scalar value,
                         Where where = Where::current());

/// Rows of dimension `dim` picked by `index` (int64 or int32 [K]), as a copy. Throws IndexError
/// naming the first bad index.
Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index,
                    Where where = Where::current());
/// x with source's rows along `dim` added to the rows that `index` (int64 or int32 [K]) names.
Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
                 Where where = Where::current());

/// out[i][j]... = x[index[i][j]...][j]... for dim 0, and so on: `index` (integer) has as many
/// dimensions as x, and no size but that of `dim` may be larger. Throws IndexError, ShapeError.
Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index,
              Where where = Where::current());
/// A copy of x with out[index[i][j]...][j]... = source[i][j]... (or `value`) for dim 0, and so on:
/// the inverse of gather(). Of several that go to one place the last stays, and it alone gets the
/// gradient.
Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
               Where where = Where::current());
Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value,
               Where where = Where::current());
/// The same with += instead of =.
Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
                   Where where = Where::current());

/// The elements of x where `mask` (bool, broadcasts with x) is true, [count].
Tensor masked_select(const Tensor& x, const Tensor& mask, Where where = Where::current());
/// The indices of the elements that are not 0, int64 [count, x.dim()].
Tensor nonzero(const Tensor& x);

/// The elements in reverse order along `dims`, as a copy.
Tensor flip(const Tensor& x, const Shape& dims, Where where = Where::current());

}  // namespace tarn
