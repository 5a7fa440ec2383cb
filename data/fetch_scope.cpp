#include <utility>

#include <tarn/data/fetch_scope.h>
#include <tarn/tensor/error.h>

namespace tarn::data {
namespace {

constinit thread_local FetchScope* innermost = nullptr;

}  // namespace

// Batches count down from -1, so that their seeds never meet those of the examples.
FetchScope::FetchScope(std::uint64_t seed, std::uint64_t epoch, std::int64_t batch,
                       std::span<const std::int64_t> indices, const std::atomic<bool>* cancelled)
    : previous_(std::exchange(innermost, this)),
      key_(fork_seed(seed, epoch)),
      rows_(indices),
      cancelled_(cancelled),
      generator_(fork_seed(key_, ~static_cast<std::uint64_t>(batch))),
      guard_(generator_) {}

FetchScope::~FetchScope() { innermost = previous_; }

FetchScope* FetchScope::current() { return innermost; }

std::uint64_t FetchScope::enter(std::int64_t index) {
  if (cancelled_ && cancelled_->load(std::memory_order_relaxed))
    throw Error("the epoch was ended early");
  index_ = index;
  return seed(index);
}

std::uint64_t FetchScope::seed(std::int64_t index) const {
  return fork_seed(key_, static_cast<std::uint64_t>(index));
}

FetchScope::Part::Part(FetchScope* scope, std::span<const std::int64_t> rows)
    : scope_(scope), outer_(scope ? std::exchange(scope->rows_, rows) : rows) {}

FetchScope::Part::~Part() {
  if (scope_) scope_->rows_ = outer_;
}

// A row that several transforms see one after the other may take up to 2^32 streams in each.
RowRandom::RowRandom(std::span<const std::int64_t> indices)
    : scope_(FetchScope::current()), rows_(scope_ ? scope_->rows(indices) : indices) {
  if (scope_) {
    stream_ = scope_->next_stage() << 32;
  } else {
    Generator& generator = default_generator();
    key_ = fork_seed(generator.seed(), generator.next_stream());
  }
}

std::uint64_t RowRandom::seed(std::size_t row) const {
  return scope_ ? scope_->seed(rows_[row]) : fork_seed(key_, row);
}

void RowRandom::enter(std::size_t row) const {
  if (scope_) scope_->enter(rows_[row]);
}

}  // namespace tarn::data
