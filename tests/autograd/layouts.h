#pragma once

#include <string>
#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn::testing {

/// A way in which a tensor's elements can lie in memory other than row-major without gaps.
struct Layout {
  std::string name;
  Tensor (*apply)(
      const Tensor& x);  ///< a new tensor in this layout, or x itself where its shape has only one
  bool keeps_values;     ///< else the elements are those that the layout can hold
};

/// Transposed (dense, reversed strides), stepped (every second element along each dimension of a
/// larger tensor whose other elements are NaN or 77), and expanded (stride 0 along the first
/// dimension).
const std::vector<Layout>& layouts();

/// The same elements in fresh row-major memory, outside the graph.
Tensor row_major_copy(const Tensor& x);

}  // namespace tarn::testing
