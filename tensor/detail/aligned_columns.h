#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tarn::detail {

/// Rows of a table as lines, columns two spaces apart and as wide as their widest cell: the first
/// `left` of them begin at the left, the others end at the right. All rows have as many cells as
/// the first; there is at least one row.
std::string aligned_columns(const std::vector<std::vector<std::string>>& rows, std::size_t left);

}  // namespace tarn::detail
