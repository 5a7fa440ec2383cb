#include <algorithm>
#include <limits>
#include <numeric>

#include <tarn/optim/all_batches.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/index_range.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

constexpr std::int64_t kMostBatches = 100'000'000;

}  // namespace

std::int64_t binomial(std::int64_t n, std::int64_t k) {
  if (k < 0 || k > n) throw ValueError(str("binomial: k = ", k, ": expected 0..", n));
  k = std::min(k, n - k);
  std::int64_t result = 1;
  for (std::int64_t i = 1; i <= k; ++i) {
    // result (n - k + i) / i is a whole number; dividing first keeps it in range.
    const std::int64_t common = std::gcd(result, i);
    const std::int64_t factor = (n - k + i) / (i / common);
    if (result / common > std::numeric_limits<std::int64_t>::max() / factor) {
      throw ValueError(str("binomial: ", n, " over ", k, ": expected a result below 2^63"));
    }
    result = result / common * factor;
  }
  return result;
}

void for_each_batch(std::int64_t size, std::int64_t batch_size,
                    const std::function<void(std::span<const std::int64_t>)>& f) {
  if (batch_size < 1 || batch_size > size) {
    throw ValueError(str("for_each_batch: batch_size = ", batch_size, ": expected 1..", size,
                         ", the number of examples"));
  }
  if (const std::int64_t count = binomial(size, batch_size); count > kMostBatches) {
    throw ValueError(str("for_each_batch: there are ", count, " batches of ", batch_size, " of ",
                         size, " examples: expected ", kMostBatches, " or fewer"));
  }
  std::vector<std::int64_t> indices = detail::index_range(batch_size);
  while (true) {
    f(indices);
    // The last index that can still rise; those behind it follow it closely.
    std::int64_t i = batch_size - 1;
    while (i >= 0 && indices[static_cast<std::size_t>(i)] == size - batch_size + i) --i;
    if (i < 0) return;
    std::iota(indices.begin() + i, indices.end(), indices[static_cast<std::size_t>(i)] + 1);
  }
}

}  // namespace tarn::optim
