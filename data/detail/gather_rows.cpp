#include <cstring>

#include <tarn/data/detail/gather_rows.h>
#include <tarn/tensor/factories.h>

namespace tarn::data::detail {
namespace {

// Bytes that one thread copies at a time: less does not pay for waking another one.
constexpr std::size_t kPieceBytes = std::size_t{1} << 18;

}  // namespace

Tensor gather_rows(const Tensor& source, std::span<const std::int64_t> indices) {
  Shape shape = source.sizes();
  shape[0] = static_cast<std::int64_t>(indices.size());
  Tensor rows = empty(shape, {.dtype = source.dtype()});
  if (rows.numel() == 0) return rows;

  // Not stride(0): a single row may have any.
  const std::size_t row_bytes =
      static_cast<std::size_t>(rows.numel() / shape[0]) * element_size(source.dtype());
  std::byte* const to = rows.impl().data();
  const auto grain = static_cast<std::int64_t>(std::max<std::size_t>(kPieceBytes / row_bytes, 1));
  for_rows(source.impl().data(), row_bytes, indices, grain,
           [&](std::size_t i, const std::byte* row) {
             std::memcpy(to + i * row_bytes, row, row_bytes);
           });
  return rows;
}

}  // namespace tarn::data::detail
