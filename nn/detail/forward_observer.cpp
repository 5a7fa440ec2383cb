#include <utility>

#include <tarn/nn/detail/forward_observer.h>

namespace tarn::nn::detail {
namespace {

constinit thread_local const ForwardObserver* innermost_observer = nullptr;

}  // namespace

ForwardObserver::ForwardObserver(Callback callback)
    : callback_(std::move(callback)), previous_(innermost_observer) {
  innermost_observer = this;
}

ForwardObserver::~ForwardObserver() { innermost_observer = previous_; }

const ForwardObserver* ForwardObserver::current() { return innermost_observer; }

}  // namespace tarn::nn::detail
