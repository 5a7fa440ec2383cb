#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace tarn::optim {

/// The number of ways to choose k of n, n! / (k! (n - k)!). Throws ValueError unless 0 <= k <= n,
/// or when it is 2^63 or more.
std::int64_t binomial(std::int64_t n, std::int64_t k);

/// Calls f with each of the binomial(size, batch_size) mini-batches that shuffling can give, as
/// rising indices, in lexicographic order. With it, expectations over the choice of a batch are
/// sums instead of averages of random draws:
///
///   Tensor mean = zeros({3});
///   optim::for_each_batch(8, 2, [&](std::span<const std::int64_t> indices) {
///     mean.add_(optim::batch_gradient(objective, indices).gradient[0], 1.0 / 28);
///   });                                                     // the full gradient: no bias
///
/// Throws ValueError unless 1 <= batch_size <= size, or for more than 100 million batches.
void for_each_batch(std::int64_t size, std::int64_t batch_size,
                    const std::function<void(std::span<const std::int64_t>)>& f);

}  // namespace tarn::optim
