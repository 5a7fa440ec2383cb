#pragma once

#include <tarn/autograd/ops/reductions.h>
#include <tarn/tensor/tensor.h>

namespace tarn {

/// The sum of x [N, C, *] over all dimensions but C. In two steps: the first runs along the
/// elements as they lie.
inline Tensor channel_sum(const Tensor& x) {
  Shape inner;
  for (int d = 2; d < x.dim(); ++d) inner.push_back(d);
  return sum(inner.empty() ? x : sum(x, inner), {0});
}

}  // namespace tarn
