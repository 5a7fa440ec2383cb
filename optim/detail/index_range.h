#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

namespace tarn::optim::detail {

/// 0, 1, ..., n - 1
inline std::vector<std::int64_t> index_range(std::int64_t n) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(n));
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  return indices;
}

}  // namespace tarn::optim::detail
