#include <tarn/nn/call_site.h>

namespace tarn::nn {
namespace {

constinit thread_local const Where* innermost = nullptr;

}  // namespace

Where call_site(Where fallback) { return innermost ? *innermost : fallback; }

CallSiteGuard::CallSiteGuard(const Where& where) : where_(where), previous_(innermost) {
  innermost = &where_;
}

CallSiteGuard::~CallSiteGuard() { innermost = previous_; }

}  // namespace tarn::nn
