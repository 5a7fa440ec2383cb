#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <tarn/tensor/parallel.h>
#include <tarn/tensor/tensor.h>

namespace tarn::data::detail {

/// Calls f(i, row) for every i, `row` being where row indices[i] of `first` lies, on several
/// threads when there are more than `grain` rows. Rows in random order come from main memory:
/// asking for them a few rows ahead made gathering the 60,000 images of MNIST three times as fast
/// (19 ms to 6.4 ms), and twice that distance no faster.
template <class F>
void for_rows(const std::byte* first, std::size_t row_bytes, std::span<const std::int64_t> indices,
              std::int64_t grain, F&& f) {
  constexpr std::size_t kAhead = 4;
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kMostLines =
      16;  // further ones are fetched by the processor of its own accord
  const auto row = [&](std::size_t i) {
    return first + static_cast<std::size_t>(indices[i]) * row_bytes;
  };
  const std::size_t asked = std::min(row_bytes, kMostLines * kLine);
  parallel_for(0, static_cast<std::int64_t>(indices.size()), grain,
               [&](std::int64_t begin, std::int64_t end) {
                 const auto start = static_cast<std::size_t>(begin);
                 const auto stop = static_cast<std::size_t>(end);
                 for (std::size_t next = start; next < stop + kAhead; ++next) {
                   // Not a function of its own: GCC 12 takes one that only prefetches for one that
                   // does nothing.
                   for (std::size_t k = 0; next < stop && k < asked; k += kLine)
                     __builtin_prefetch(row(next) + k);
                   if (next >= start + kAhead) f(next - kAhead, row(next - kAhead));
                 }
               });
}

/// Copies of the rows `indices` of a contiguous tensor [N, *], as [indices.size(), *]. The indices
/// must lie in 0..N-1.
Tensor gather_rows(const Tensor& source, std::span<const std::int64_t> indices);

}  // namespace tarn::data::detail
