#pragma once

#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// The tensors one after the other along `dim`; types promote. Throws ValueError for an empty list,
/// ShapeError naming the first tensor that differs in another dimension. One of shape [0] adds
/// nothing, whatever the others' shape.
Tensor cat(const std::vector<Tensor>& tensors, std::int64_t dim = 0,
           Where where = Where::current());

/// Equally shaped tensors along a new dimension `dim`. Throws as cat() does.
Tensor stack(const std::vector<Tensor>& tensors, std::int64_t dim = 0,
             Where where = Where::current());

/// x as often as `repeats` says along each dimension, as a copy; new dimensions come in front.
/// Throws ShapeError for fewer repeats than dimensions, ValueError for a negative one.
Tensor repeat(const Tensor& x, const Shape& repeats, Where where = Where::current());

/// Views of `split_size` neighbours along `dim` each; the last may be smaller. Throws ValueError
/// unless split_size >= 1.
std::vector<Tensor> split(const Tensor& x, std::int64_t split_size, std::int64_t dim = 0,
                          Where where = Where::current());
/// Views of the given sizes along `dim`. Throws ShapeError unless they add up to its size.
std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& split_sizes,
                          std::int64_t dim = 0, Where where = Where::current());
/// At most `chunks` views along `dim`, all as large as the first or, the last, smaller. Throws
/// ValueError unless chunks >= 1.
std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, std::int64_t dim = 0,
                          Where where = Where::current());

}  // namespace tarn
