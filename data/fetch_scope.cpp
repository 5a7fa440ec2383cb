#include <utility>

#include <tarn/data/fetch_scope.h>
#include <tarn/tensor/error.h>

namespace tarn::data {
namespace {

constinit thread_local FetchScope* innermost = nullptr;

}  // namespace

// Batches count down from -1, so that their seeds never meet those of the examples.
FetchScope::FetchScope(std::uint64_t seed, std::uint64_t epoch, std::int64_t batch,
                       const std::atomic<bool>* cancelled)
    : previous_(std::exchange(innermost, this)),
      key_(fork_seed(seed, epoch)),
      cancelled_(cancelled),
      generator_(fork_seed(key_, ~static_cast<std::uint64_t>(batch))),
      guard_(generator_) {}

FetchScope::~FetchScope() { innermost = previous_; }

FetchScope* FetchScope::current() { return innermost; }

std::uint64_t FetchScope::enter(std::int64_t index) {
  if (cancelled_ && cancelled_->load(std::memory_order_relaxed))
    throw Error("the epoch was ended early");
  index_ = index;
  return fork_seed(key_, static_cast<std::uint64_t>(index));
}

}  // namespace tarn::data
