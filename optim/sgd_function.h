#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <tarn/optim/lr_scheduler.h>
#include <tarn/tensor/tensor.h>

namespace tarn::optim {

/// Tensors whose rows belong together: row i of each is example i. `{x, y}` with x [N, features]
/// and y [N].
using Examples = std::vector<Tensor>;

/// The mean loss of the examples at theta, with one element; or its gradient, shaped like theta.
using ExamplesFunction = std::function<Tensor(const Tensor& theta, const Examples& examples)>;

/// The numbers of sgd().
struct SGDFunctionOptions {
  double lr = 1e-3;                       ///< learning rate, >= 0
  const LRScheduler* schedule = nullptr;  ///< update t = 0, 1, ... uses schedule->lr(t, lr) instead
  std::int64_t batch_size = 32;           ///< >= 1; N or more is gradient descent
  std::int64_t epochs = 1;                ///< passes through the data, >= 0
  std::uint64_t seed = 0;                 ///< of the shuffles
};

/// What sgd() gives.
struct SGDResult {
  Tensor theta;                 ///< the final parameters
  std::vector<double> history;  ///< the loss of all examples at the start and after each epoch
};

/// Mini-batch stochastic gradient descent in one call:
///
///   for each epoch:
///     shuffle the examples
///     for each batch of batch_size examples (the last one may be short):
///       theta = theta - lr grad(theta, batch)
///
/// with SGD's update, and without touching theta_init or the default generator:
///
///   auto loss = [](const Tensor& w, const optim::Examples& batch) {
///     return mse_loss(matmul(batch[0], w), batch[1]);
///   };
///   auto [w, history] = optim::sgd(loss, {x, y}, zeros({3}), {.lr = 0.1, .epochs = 10});
///
/// A batch that holds all examples is the data itself, unshuffled. The history costs one more pass
/// through the data per epoch, without gradients and with all examples at once.
///
/// loss, grad  see ExamplesFunction; called under NoGradGuard. The theta they get changes with the
///             next update: clone() it to keep it
/// data        tensors [N, *] with the same N >= 1
/// theta_init  any shape, float32 or float64
/// throws      ValueError, ShapeError, DTypeError for bad arguments and for results of loss and
///             grad that have another shape; and what loss and grad throw
SGDResult sgd(const ExamplesFunction& loss, const ExamplesFunction& grad, const Examples& data,
              const Tensor& theta_init, const SGDFunctionOptions& options);

/// The same with the gradient of `loss` by autograd.
SGDResult sgd(const ExamplesFunction& loss, const Examples& data, const Tensor& theta_init,
              const SGDFunctionOptions& options);

}  // namespace tarn::optim
