// Full gradient descent beside SGD on logistic regression, on three axes: updates, gradients of
// examples, seconds.

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>

#include <tarn/tarn.h>

#include "../experiment.h"

using namespace tarn;

namespace {

struct Model : nn::Module {
  nn::Linear& fc = add("fc", nn::Linear(20, 1, {.dtype = kFloat64}));
  Model() {
    NoGradGuard no_grad;
    fc.weight.zero_();
    fc.bias.zero_();
  }
  Tensor forward(const Tensor& x) override { return fc(x).squeeze(1); }
};

struct Course {
  std::vector<double> updates, gradients, seconds, gap;  ///< of the full loss, on the way

  /// The least number of example gradients with a gap <= epsilon; infinity if it was never reached.
  double cost(double epsilon) const {
    for (std::size_t i = 0; i < gap.size(); ++i) {
      if (gap[i] <= epsilon) return gradients[i];
    }
    return std::numeric_limits<double>::infinity();
  }
};

double full_loss(Model& model, const data::TensorDataset& examples) {
  NoGradGuard no_grad;
  return binary_cross_entropy_with_logits(model(examples.data()), examples.target()).item();
}

struct Method {
  std::string name;
  double lr;
  std::int64_t batch_size;
  double epochs;
  bool reshuffle = false;  ///< else batches are drawn with replacement
};

// SGD's rate at update t is lr / (1 + kDecay lr t), in the end 1 / (kDecay t).
constexpr double kDecay = 0.02;

Course train(const data::TensorDataset& examples, const Method& method, double least) {
  Model model;
  optim::SGD sgd(model.parameters(), {.lr = method.lr});
  const bool all = method.batch_size == examples.size();
  optim::InverseTimeLR schedule(sgd, {.alpha = all ? 0 : kDecay * method.lr});
  optim::CostMeter cost(sgd);
  const bool replace = !all && !method.reshuffle;
  data::DataLoader loader(
      examples, {.batch_size = method.batch_size,
                 .sampler = replace ? std::make_shared<data::ReplacementSampler>() : nullptr});
  Course course;
  double next = 1;
  for (int epoch = 0; epoch < method.epochs; ++epoch) {
    for (auto& [x, y] : loader) {
      if (static_cast<double>(cost.updates()) >= next) {
        next = std::max(next + 1, next * 1.1);
        cost.pause();  // measuring is not training
        course.updates.push_back(static_cast<double>(cost.updates()));
        course.gradients.push_back(static_cast<double>(cost.example_gradients()));
        course.seconds.push_back(cost.seconds());
        course.gap.push_back(std::max(full_loss(model, examples) - least, 1e-16));
        cost.resume();
      }
      sgd.zero_grad();
      const Tensor loss = binary_cross_entropy_with_logits(model(x), y);
      cost.add(0, y.size(0));
      loss.backward();
      sgd.step();
      schedule.step();
    }
  }
  return course;
}

/// The mean of several runs.
Course train(const data::TensorDataset& examples, const Method& method, double least, int runs) {
  Course mean = train(examples, method, least);
  for (int i = 1; i < runs; ++i) {
    const Course course = train(examples, method, least);
    for (std::size_t t = 0; t < mean.gap.size(); ++t) mean.gap[t] += course.gap[t];
  }
  for (double& gap : mean.gap) gap /= runs;
  return mean;
}

/// The minimum, by far more descent than is compared.
void descend(Model& model, const data::TensorDataset& examples) {
  optim::SGD sgd(model.parameters(), {.lr = 4, .momentum = 0.8});
  for (int t = 0; t < 1000; ++t) {
    sgd.zero_grad();
    binary_cross_entropy_with_logits(model(examples.data()), examples.target()).backward();
    sgd.step();
  }
}

/// c in E gap = c / E after E gradients of examples, for the rates γ/t.
double asymptotic_cost(Model& at_minimum, const data::TensorDataset& examples) {
  const optim::Objective loss(
      at_minimum,
      [](const Tensor& output, const Tensor& target) {
        return binary_cross_entropy_with_logits(output, target, {.reduction = Reduction::none});
      },
      examples);
  const double gamma = 1 / kDecay;
  double c = 0;
  for (const auto& [h, residual, vector] : optim::hessian_eigenvalues(loss, {.count = 21})) {
    c += gamma * gamma * h * h / (2 * gamma * h - 1) / 2;
  }
  return c;
}

using Cost = std::function<double(double epsilon)>;

/// The largest ε from 0.1 down at which `full` is cheaper than `stochastic`; NaN if there is none.
double crossover(const Cost& full, const Cost& stochastic) {
  for (double e = 0.1; e > 1e-8; e /= 1.05) {
    if (full(e) < stochastic(e)) return e;
  }
  return std::nan("");
}

Findings run(const Conditions& lab) {
  const std::int64_t n = lab.either(4096, 32'768);
  const int runs = lab.either(3, 5);
  const std::vector<double> truth = randn({20}).to_vector();
  const auto made = data::make_logistic({.n = n, .weight = truth, .seed = lab.seed});
  const data::TensorDataset examples(made.data().to(kFloat64), made.target().to(kFloat64));
  Model minimum;
  descend(minimum, examples);
  const double least = full_loss(minimum, examples);
  const double c = asymptotic_cost(minimum, examples);

  const std::vector<Method> methods{{"all examples", 4, n, 400},
                                    {"B = 1", 0.5, 1, 20},
                                    {"B = 8", 2, 8, 200},
                                    {"B = 64", 4, 64, 200},
                                    {"B = 8, reshuffled", 2, 8, 200, true}};
  Plot by_update(log_log("Gap by updates", "updates", "loss − least loss"));
  Plot by_gradient(log_log("Gap by gradients", "gradients of examples", "loss − least loss"));
  Plot by_second(log_log("Gap by time", "seconds", "loss − least loss"));
  Table table({"batches", "to 5% of the least loss", "ε = 0.01", "ε = 1e-3", "ε = 1e-4"});
  std::vector<Course> courses;
  for (const Method& method : methods) {
    courses.push_back(train(examples, method, least, method.batch_size == n ? 1 : runs));
    const Course& course = courses.back();
    by_update.line(method.name, course.updates, course.gap);
    by_gradient.line(method.name, course.gradients, course.gap);
    by_second.line(method.name, course.seconds, course.gap);
    if (method.name == "B = 8") {
      std::vector<double> far, law;
      for (const double e : course.gradients) {
        if (e > 10 * c) far.push_back(e), law.push_back(c / e);
      }
      by_gradient.theory("c/E", far, law);
    }
    std::vector<Table::Cell> cells{method.name};
    for (const double e : {0.05 * least, 1e-2, 1e-3, 1e-4}) {
      const double cost = course.cost(e);
      cells.emplace_back(std::isfinite(cost) ? Table::Cell(cost) : Table::Cell("not reached"));
    }
    table.add_row(cells);
    lab.progress(static_cast<double>(courses.size()) / 5);
  }
  const Course& full = courses[0];
  const Course& eight = courses[2];
  const auto full_cost = [&](double e) { return full.cost(e); };
  const double measured = crossover(full_cost, [&](double e) { return eight.cost(e); });
  const double predicted = crossover(full_cost, [&](double e) { return c / e; });
  const double gain = full.cost(0.05 * least) / eight.cost(0.05 * least);
  Findings findings;
  findings
      .text(str("A step of gradient descent costs N gradients of examples, a step of SGD B of "
                "them. SGD (rates η₀/(1 + αt), means of ",
                runs,
                " runs) is near the solution before gradient descent has ended its first steps. "
                "Gradient descent, whose gap here shrinks geometrically, overtakes it where the "
                "accuracy asked for is high."))
      .plot(by_update)
      .plot(by_gradient)
      .plot(by_second)
      .text("Gradients of examples until the mean gap is ε:")
      .table(table)
      .text(str("With the section's costs N/ε and B/ε², SGD with B = 8 wins where ε > B/N = ",
                shown(8 / static_cast<double>(n)),
                ": for loose accuracy, not for small ε as the section has it. Here the loss is "
                "strongly convex and SGD with rates γ/t and independent draws takes c/ε gradients, "
                "whatever B is: c = ½ Σ γ²h²/(2γh - 1) over the eigenvalues h of the Hessian "
                "(Chung 1954; the gradients' covariance is the Hessian, since the data follow the "
                "model). That is c = ",
                shown(c), " here, and a crossover with gradient descent at ε = ", shown(predicted),
                "; it is measured at ", shown(measured),
                ". Reshuffled batches, whose noise cancels within an epoch, stay ahead longer."))
      .verdict(at_least("B = 8: gradients saved to within 5% of the least loss, factor", gain, 10))
      .verdict(at_most("B = 8: the gap at which gradient descent overtakes", measured, 0.01))
      .verdict(
          within("log₂ of that gap over the predicted one", std::log2(measured / predicted), 0, 1))
      .verdict(at_most("B = 8: the last gap, reshuffled over with replacement",
                       courses[4].gap.back() / eight.gap.back(), 1));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment convergence;
const Experiment convergence{"convergence", "Gradient descent against SGD", "Exercise 2",
                             "Which is cheaper, on logistic regression, for which accuracy?", run};
}  // namespace lab
