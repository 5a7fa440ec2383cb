#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include <tarn/tensor/random.h>

namespace tarn::data {

/// Keys the random numbers of what is fetched on this thread while it lives: transforms and data
/// sets then give the same examples on any thread and in any order. A DataLoader opens one around
/// each batch; a loop of one's own can do so too:
///
///   data::FetchScope scope(seed, epoch, step);
///   data::Batch batch = train.get_batch(indices);
///
/// Every example gets a generator keyed by (seed, epoch, index), whether it is fetched alone or
/// with the whole batch at once. Random ops outside of get(), such as those of an overridden
/// get_batch, draw from one keyed by (seed, epoch, batch), which is the default generator on this
/// thread for the scope's lifetime.
class FetchScope {
 public:
  /// `indices` are the batch's examples as the reader counts them: data sets behind a Subset or in
  /// a ConcatDataset count differently. They must outlive the scope. `cancelled` may be set by
  /// another thread: the next enter() then throws, so that a long batch ends early.
  FetchScope(std::uint64_t seed, std::uint64_t epoch, std::int64_t batch,
             std::span<const std::int64_t> indices = {},
             const std::atomic<bool>* cancelled = nullptr);
  ~FetchScope();
  FetchScope(const FetchScope&) = delete;
  FetchScope& operator=(const FetchScope&) = delete;

  /// The innermost scope of this thread; null outside of any.
  static FetchScope* current();

  /// The reader's indices of the rows under way when there are as many as `indices`, else
  /// `indices`.
  std::span<const std::int64_t> rows(std::span<const std::int64_t> indices) const {
    return rows_.size() == indices.size() ? rows_ : indices;
  }

  /// Notes that the example at `index` is fetched next. Returns the seed of its generator. Throws
  /// Error when cancelled.
  std::uint64_t enter(std::int64_t index);
  /// The seed of the generator of the example at `index`. Any thread may ask.
  std::uint64_t seed(std::int64_t index) const;

  /// The example that was entered last; -1 before the first.
  std::int64_t index() const { return index_; }

  /// Counts the transforms that see the batch as a whole, so that each draws numbers of its own.
  std::uint64_t next_stage() {
    index_ = -1;  // an error is now one of the batch
    return stage_++;
  }

  /// Narrows rows() to some of them for its lifetime.
  class Part {
   public:
    Part(FetchScope* scope, std::span<const std::int64_t> rows);
    ~Part();
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

   private:
    FetchScope* scope_;
    std::span<const std::int64_t> outer_;
  };

 private:
  FetchScope* previous_;
  std::uint64_t key_;
  std::span<const std::int64_t> rows_;
  const std::atomic<bool>* cancelled_;
  std::int64_t index_ = -1;
  std::uint64_t stage_ = 0;
  Generator generator_;
  GeneratorGuard guard_;
};

/// The random numbers of a batch's rows: row i draws from Generator(seed(i), stream()). Inside a
/// FetchScope they depend on its seed, its epoch, the example and how many transforms saw the batch
/// before; the first one draws what it would draw for single examples. Outside of any, they take
/// one stream of the default generator.
class RowRandom {
 public:
  explicit RowRandom(std::span<const std::int64_t> indices);

  std::size_t size() const { return rows_.size(); }
  /// The examples as the reader counts them.
  std::span<const std::int64_t> indices() const { return rows_; }
  /// Any thread may ask.
  std::uint64_t seed(std::size_t row) const;
  std::uint64_t stream() const { return stream_; }
  /// Notes that row `row` is worked on; FetchScope::enter.
  void enter(std::size_t row) const;

 private:
  FetchScope* scope_;
  std::span<const std::int64_t> rows_;
  std::uint64_t key_ = 0;
  std::uint64_t stream_ = 0;
};

}  // namespace tarn::data
