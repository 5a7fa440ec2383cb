#pragma once

#include <functional>

#include <tarn/nn/module.h>

namespace tarn::nn::detail {

/// Told of each call of a module on this thread while it lives: of the module, what it was given
/// and what it returned, when it has returned. Of several, the innermost is told.
class ForwardObserver {
 public:
  using Callback = std::function<void(const Module&, const Tensor& input, const Tensor& output)>;

  explicit ForwardObserver(Callback callback);
  ~ForwardObserver();
  ForwardObserver(const ForwardObserver&) = delete;
  ForwardObserver& operator=(const ForwardObserver&) = delete;

  /// Of this thread; null when there is none.
  static const ForwardObserver* current();
  void called(const Module& module, const Tensor& input, const Tensor& output) const {
    callback_(module, input, output);
  }

 private:
  Callback callback_;
  const ForwardObserver* previous_;
};

}  // namespace tarn::nn::detail
