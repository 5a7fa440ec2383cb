// How sharp a minimum is: the largest curvature and the edge of stability 2/η, exactly on a
// quadratic, and for networks trained with small and with large batches.

#include <algorithm>
#include <cmath>
#include <numeric>

#include <tarn/tarn.h>

#include "../../mnist_mlp/evaluation.h"
#include "../experiment.h"

using namespace tarn;

namespace {

/// Gradient descent on `loss` with η = `ratio`/λ: |θ| after 1,000 updates over |θ| before.
double growth(const optim::Objective& loss, double lambda, double ratio) {
  const optim::Objective::Restore restore(loss);
  optim::SGD sgd(loss.params(), {.lr = ratio / lambda});
  const auto norm = [&] { return nn::parameters_to_vector(loss.params()).norm().item(); };
  const double before = norm();
  for (int t = 0; t < 1000; ++t) {
    const auto gradient = optim::full_gradient(loss).gradient;
    for (std::size_t i = 0; i < gradient.size(); ++i) loss.params()[i].set_grad(gradient[i]);
    sgd.step();
  }
  return norm() / before;
}

struct Digits {
  data::MNIST train, test;
};

/// Trains with that batch size for as many passes, and looks at where it ends.
void train_and_survey(const Digits& digits, std::int64_t batch_size, double lr, int epochs,
                      Table& table) {
  manual_seed(0);
  nn::Sequential mlp(nn::Linear(784, 32), nn::Tanh(), nn::Linear(32, 10));
  optim::SGD sgd(mlp.parameters(), {.lr = lr});
  data::DataLoader loader(digits.train, {.batch_size = batch_size});
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (auto& [x, y] : loader) {
      sgd.zero_grad();
      cross_entropy(mlp(x), y).backward();
      sgd.step();
    }
  }
  std::vector<std::int64_t> some(1000);
  std::iota(some.begin(), some.end(), 0);
  const auto each = [](const Tensor& output, const Tensor& target) {
    return cross_entropy(output, target, {.reduction = Reduction::none});
  };
  const optim::Objective loss(mlp, each, data::Subset(digits.train, some));
  const auto top = optim::hessian_eigenvalues(loss, {.max_iterations = 40, .tolerance = 0.01});
  const optim::Estimate trace = optim::hessian_trace(loss, {.samples = 10});
  table.row(batch_size, lr, optim::full_loss(loss), 100 * accuracy(evaluate(mlp, digits.test)),
            top[0].value, 2 / lr, trace.value, optim::sharpness(loss).value);
}

Findings run(const Conditions& lab) {
  // f(w) = mean (x_i · w)² / 2: its Hessian is X'X/N.
  const Tensor x =
      randn({200, 20}, {.dtype = kFloat64}) * linspace(0.3, 3, 20, {.dtype = kFloat64});
  const Tensor w = randn({20}, {.dtype = kFloat64, .requires_grad = true});
  const optim::Objective loss(
      {w}, [w](const optim::Examples& b) { return 0.5 * square(matmul(b[0], w)); },
      optim::Examples{x});
  const Tensor h = matmul(x.t(), x) / 200;
  Tensor v = ones({20}, {.dtype = kFloat64});
  for (int i = 0; i < 5000; ++i) v = matmul(h, v) / matmul(h, v).norm();
  const double lambda = matmul(v, matmul(h, v)).item();
  const double exact_trace = (h * eye(20, {.dtype = kFloat64})).sum().item();
  const double found = optim::hessian_eigenvalues(loss)[0].value;
  const optim::Estimate trace = optim::hessian_trace(loss, {.samples = 100});
  Table quadratic({"", "found", "exact"});
  quadratic.row("largest curvature (Lanczos)", found, lambda);
  quadratic.row("trace (Hutchinson)", trace.value, exact_trace);
  lab.progress(0.2);

  const Digits digits{data::MNIST(lab.data), data::MNIST(lab.data, {.train = false})};
  Table networks({"B", "η", "training loss", "test accuracy %", "largest curvature", "2/η", "trace",
                  "Keskar's φ"});
  const int epochs = lab.either(10, 5);
  for (const auto& [b, lr] : std::vector<std::pair<std::int64_t, double>>{
           {8, 0.02}, {64, 0.02}, {512, 0.02}, {64, 0.1}, {512, 0.1}}) {
    train_and_survey(digits, b, lr, epochs, networks);
  }
  Findings findings;
  findings
      .text(
          "Gradient descent multiplies the error along a direction of curvature λ by 1 - ηλ, so it "
          "is stable as long as the largest λ is below 2/η.")
      .table(quadratic)
      .text(
          str("Networks on digits (784-32-10, tanh) after ", epochs,
              " passes with small and large batches, surveyed on 1,000 training digits. That flat "
              "minima generalise better is disputed (Dinh et al. 2017 make any minimum sharp by "
              "rescaling), so nothing is judged here; note that the training losses differ too."))
      .table(networks)
      .verdict(within("largest curvature, found over exact", found / lambda, 1, 1e-4))
      .verdict(at_most("trace: distance from the exact one in standard errors",
                       std::abs(trace.value - exact_trace) / trace.standard_error, 3))
      .verdict(at_most("growth of the error in 1,000 updates with η = 1.99/λ",
                       growth(loss, lambda, 1.99), 1))
      .verdict(at_least("growth of the error in 1,000 updates with η = 2.01/λ",
                        growth(loss, lambda, 2.01), 5));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment sharpness;
const Experiment sharpness{
    "sharpness", "Curvature and the edge of stability", "Implicit regularization",
    "How sharp may a minimum be for a learning rate, and how sharp are those "
    "that small and large batches find?",
    run};
}  // namespace lab
