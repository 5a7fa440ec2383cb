#pragma once

#include <atomic>
#include <cstdint>

#include <tarn/tensor/random.h>

namespace tarn::data {

/// Keys the random numbers of what is fetched on this thread while it lives: transforms and data
/// sets then give the same examples on any thread and in any order. A DataLoader opens one around
/// each batch; a loop of one's own can do so too:
///
///   data::FetchScope scope(seed, epoch, step);
///   data::Batch batch = train.get_batch(indices);
///
/// Dataset::get_batch gives every example a generator keyed by (seed, epoch, index). Random ops
/// outside of get(), such as those of an overridden get_batch, draw from one keyed by (seed, epoch,
/// batch), which is the default generator on this thread for the scope's lifetime.
class FetchScope {
 public:
  /// `cancelled` may be set by another thread: the next enter() then throws, so that a long batch
  /// ends early.
  FetchScope(std::uint64_t seed, std::uint64_t epoch, std::int64_t batch,
             const std::atomic<bool>* cancelled = nullptr);
  ~FetchScope();
  FetchScope(const FetchScope&) = delete;
  FetchScope& operator=(const FetchScope&) = delete;

  /// The innermost scope of this thread; null outside of any.
  static FetchScope* current();

  /// Notes that the example at `index` is fetched next. Returns the seed of its generator. Throws
  /// Error when cancelled.
  std::uint64_t enter(std::int64_t index);

  /// The example that was entered last; -1 before the first.
  std::int64_t index() const { return index_; }

 private:
  FetchScope* previous_;
  std::uint64_t key_;
  const std::atomic<bool>* cancelled_;
  std::int64_t index_ = -1;
  Generator generator_;
  GeneratorGuard guard_;
};

}  // namespace tarn::data
