#include <algorithm>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/sgd.h>
#include <tarn/optim/sgd_function.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

// The number of examples.
std::int64_t check_data(const Examples& data) {
  if (data.empty()) throw ValueError("sgd: data is empty: expected at least one tensor");
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (!data[i].defined() || data[i].dim() == 0) {
      throw ShapeError(str("sgd: data[", i, "] is ", data[i].defined() ? "a 0-d" : "an undefined",
                           " tensor: expected one with a row for each example"));
    }
    if (data[i].size(0) == data[0].size(0)) continue;
    throw ShapeError(str("sgd: data[", i, "] has ", data[i].size(0), " rows but data[0] has ",
                         data[0].size(0), ": expected a row for each example"));
  }
  detail::check_at_least("sgd", "number of examples", data[0].size(0), 1);
  return data[0].size(0);
}

void check_arguments(const ExamplesFunction& loss, const ExamplesFunction& grad,
                     const Tensor& theta_init, const SGDFunctionOptions& options) {
  if (!loss) throw ValueError("sgd: loss is empty: expected a function");
  if (!grad) throw ValueError("sgd: grad is empty: expected a function");
  if (!theta_init.defined() || !is_floating_point(theta_init.dtype())) {
    throw DTypeError(str("sgd: theta_init is ",
                         theta_init.defined() ? name(theta_init.dtype()) : "an undefined tensor",
                         ": expected float32 or float64"));
  }
  detail::check_at_least("sgd", "batch_size", options.batch_size, 1);
  detail::check_at_least("sgd", "epochs", options.epochs, 0);
}

double evaluate(const ExamplesFunction& loss, const Tensor& theta, const Examples& data) {
  const Tensor value = loss(theta, data);
  if (value.defined() && value.numel() == 1) return value.item<double>();
  throw ShapeError(
      str("sgd: loss returned ",
          value.defined() ? "shape " + to_string(value.shape()) : "an undefined tensor",
          ": expected one number, the mean over the examples"));
}

Tensor gradient(const ExamplesFunction& grad, const Tensor& theta, const Examples& batch) {
  const Tensor g = grad(theta, batch);
  if (!g.defined() || g.shape() != theta.shape()) {
    throw ShapeError(str("sgd: grad returned ",
                         g.defined() ? "shape " + to_string(g.shape()) : "an undefined tensor",
                         " for theta of shape ", theta.shape(), ": expected the same"));
  }
  return g.to(theta.dtype());
}

Examples rows(const Examples& data, const Tensor& index) {
  Examples batch;
  for (const Tensor& tensor : data) batch.push_back(tensor.index_select(0, index));
  return batch;
}

}  // namespace

SGDResult sgd(const ExamplesFunction& loss, const ExamplesFunction& grad, const Examples& data,
              const Tensor& theta_init, const SGDFunctionOptions& options) {
  const std::int64_t n = check_data(data);
  check_arguments(loss, grad, theta_init, options);
  const NoGradGuard no_grad;
  const Tensor parameter = theta_init.detach().clone().requires_grad_();
  const Tensor theta = parameter.detach();
  SGD optimizer({parameter}, {.lr = options.lr});
  Generator generator(options.seed);
  const std::int64_t batch_size = std::min(options.batch_size, n);
  std::int64_t t = 0;
  SGDResult result{.theta = theta, .history = {evaluate(loss, theta, data)}};
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    const Tensor order = randperm(n, generator);
    for (std::int64_t start = 0; start < n; start += batch_size) {
      const Examples batch =
          batch_size == n ? data : rows(data, order.slice(0, start, start + batch_size));
      parameter.set_grad(gradient(grad, theta, batch));
      if (options.schedule) optimizer.set_lr(options.schedule->lr(t, options.lr));
      optimizer.step();
      ++t;
    }
    result.history.push_back(evaluate(loss, theta, data));
  }
  return result;
}

SGDResult sgd(const ExamplesFunction& loss, const Examples& data, const Tensor& theta_init,
              const SGDFunctionOptions& options) {
  const auto grad = [&loss](const Tensor& theta, const Examples& batch) {
    const GradModeGuard recording(true);
    const Tensor leaf = theta.detach().requires_grad_();
    return tarn::grad({loss(leaf, batch)}, {leaf}).front();
  };
  return sgd(loss, grad, data, theta_init, options);
}

}  // namespace tarn::optim
