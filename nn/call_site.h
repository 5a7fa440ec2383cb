#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn::nn {

/// Where the module that is running on this thread was called, so that a layer can pass its user's
/// line on to the ops it is made of:
///
///   Tensor forward(const Tensor& x) override { return linear(x, weight, bias, call_site()); }
///
/// Outside a module's operator() it is `fallback`, the line that asks.
Where call_site(Where fallback = Where::current());

/// Makes `where` the call site on this thread for the guard's lifetime.
class CallSiteGuard {
 public:
  explicit CallSiteGuard(const Where& where);
  ~CallSiteGuard();
  CallSiteGuard(const CallSiteGuard&) = delete;
  CallSiteGuard& operator=(const CallSiteGuard&) = delete;

 private:
  Where where_;
  const Where* previous_;
};

}  // namespace tarn::nn
