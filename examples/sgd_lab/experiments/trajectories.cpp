// f(θ) = (1/N) sum_i (θᵀ Λ θ / 2 - z_i · θ) in two dimensions: a bowl with curvatures 1 and 10, in
// which each example pulls in a direction z_i of its own. The z_i add up to 0.

#include <cmath>
#include <memory>

#include <tarn/tarn.h>

#include "../experiment.h"

using namespace tarn;

namespace {

constexpr double kLambda[2] = {1, 10};
constexpr double kLr = 0.05;
constexpr std::int64_t kExamples = 256;

struct Bowl : nn::Module {
  Tensor lambda = tensor({kLambda[0], kLambda[1]}, {.dtype = kFloat64});
  Tensor& theta = parameter("theta", tensor({-1.6, 0.5}, {.dtype = kFloat64}));
  Tensor loss(const Tensor& z) {
    return 0.5 * (lambda * square(theta)).sum() - matmul(z, theta).mean();
  }
};

struct Path {
  std::vector<double> x, y;
  void add(const Tensor& theta) {
    x.push_back(theta.data_ptr<double>()[0]);
    y.push_back(theta.data_ptr<double>()[1]);
  }
};

data::TensorDataset make_pulls() {
  const Tensor z = randn({kExamples, 2}, {.dtype = kFloat64});
  const Tensor centred = z - z.mean({0}, true);
  return {centred, centred};
}

struct Way {
  std::int64_t batch_size;
  bool replacement = false;
  bool averaged = false;  ///< the path is that of the average of the iterates
};

/// Where θ is before the first update and after each of `steps`.
Path walk(const data::Dataset& pulls, const Way& way, std::size_t steps) {
  Bowl bowl;
  optim::SGD sgd(bowl.parameters(), {.lr = kLr});
  optim::AveragedModel average(bowl);
  data::DataLoader loader(
      pulls, {.batch_size = way.batch_size,
              .sampler = way.replacement ? std::make_shared<data::ReplacementSampler>() : nullptr});
  Path path;
  path.add(bowl.theta);
  while (true) {
    for (auto& [z, unused] : loader) {
      sgd.zero_grad();
      bowl.loss(z).backward();
      sgd.step();
      if (way.averaged) {
        average.update();
        const auto averages = average.apply();
        path.add(bowl.theta);
      } else {
        path.add(bowl.theta);
      }
      if (path.x.size() > steps) return path;
    }
  }
}

/// The mean square over the path without its beginning.
double spread(const std::vector<double>& coordinate, std::size_t every = 1) {
  double sum = 0;
  std::size_t n = 0;
  for (std::size_t t = 1000 * every; t < coordinate.size(); t += every, ++n) {
    sum += coordinate[t] * coordinate[t];
  }
  return sum / static_cast<double>(n);
}

void add_contours(Plot& plot, const std::vector<double>& levels) {
  for (const double level : levels) {
    Path ellipse;
    for (int i = 0; i <= 90; ++i) {
      const double a = i * M_PI / 45;
      ellipse.x.push_back(std::sqrt(2 * level / kLambda[0]) * std::cos(a));
      ellipse.y.push_back(std::sqrt(2 * level / kLambda[1]) * std::sin(a));
    }
    plot.contour(ellipse.x, ellipse.y);
  }
}

Plot paths_plot(const data::Dataset& pulls) {
  Plot plot({.title = "80 updates from the left", .x = "θ₁", .y = "θ₂"});
  add_contours(plot, {0.01, 0.05, 0.15, 0.35, 0.7, 1.3});
  for (const auto& [label, way] : std::vector<std::pair<std::string, Way>>{
           {"B = 1", {.batch_size = 1}},
           {"B = 8", {.batch_size = 8}},
           {"B = 64", {.batch_size = 64}},
           {"B = 1, averaged", {.batch_size = 1, .averaged = true}},
           {"all examples", {.batch_size = kExamples}}}) {
    const Path path = walk(pulls, way, 80);
    plot.line(label, path.x, path.y);
  }
  return plot;
}

Plot bundle_plot(const data::Dataset& pulls, std::int64_t batch_size) {
  Plot plot({.title = str("Six runs with B = ", batch_size), .x = "θ₁", .y = "θ₂"});
  add_contours(plot, {0.01, 0.05, 0.15, 0.35, 0.7, 1.3});
  for (int i = 0; i < 6; ++i) {
    const Path path = walk(pulls, {.batch_size = batch_size}, 80);
    plot.line("", path.x, path.y);
  }
  return plot;
}

Findings run(const Conditions& lab) {
  const data::TensorDataset pulls = make_pulls();
  const std::vector<double> variance = pulls.data().var({0}, 0).to_vector();  // s² per axis
  const auto steps = lab.either<std::size_t>(100'000, 1'000'000);
  Findings findings;
  findings.text(
      "Each update is θ ← θ - η (Λθ - z̄), with z̄ the mean pull of the batch. Gradient descent "
      "slides into the bowl; with B = 1 the pulls of single examples push θ around for ever.");
  findings.plot(paths_plot(pulls))
      .plot(bundle_plot(pulls, 1))
      .plot(bundle_plot(pulls, 8))
      .plot(bundle_plot(pulls, 64));

  Table table({"batches", "B", "axis", "curvature λ", "variance", "theory", "ratio"});
  Plot clouds({.title = "Where θ is once it has settled", .x = "θ₁", .y = "θ₂"});
  for (const std::int64_t batch_size : {1, 8, 64}) {
    const Path path = walk(pulls, {.batch_size = batch_size, .replacement = true}, steps);
    for (const int axis : {0, 1}) {
      const double theory =
          kLr * variance[axis] / (batch_size * kLambda[axis] * (2 - kLr * kLambda[axis]));
      const double measured = spread(axis == 0 ? path.x : path.y);
      table.row("with replacement", batch_size, axis + 1, kLambda[axis], measured, theory,
                measured / theory);
      findings.verdict(
          within(str("variance over theory, B = ", batch_size, ", λ = ", kLambda[axis]),
                 measured / theory, 1, 0.1));
    }
    Path cloud;
    for (std::size_t t = 1000; t < 1000 + 300 * 40; t += 40) {
      cloud.x.push_back(path.x[t]);
      cloud.y.push_back(path.y[t]);
    }
    clouds.points(str("B = ", batch_size), cloud.x, cloud.y);
    lab.progress(batch_size / 65.0);
  }

  const Path reshuffled = walk(pulls, {.batch_size = 8}, steps);
  for (const int axis : {0, 1}) {
    const std::size_t epoch = kExamples / 8;
    table.row("reshuffled, epoch ends", 8, axis + 1, kLambda[axis],
              spread(axis == 0 ? reshuffled.x : reshuffled.y, epoch), "", "");
  }
  findings.plot(clouds).table(table).text(
      "Theory: θ ← (1 - ηλ) θ + η z̄ along an axis of curvature λ settles at the variance "
      "η s² / (B λ (2 - ηλ)), for batches drawn with replacement from pulls of variance s². "
      "Reshuffling makes the pulls of an epoch add up to 0, which shows at the ends of "
      "epochs; the experiment on shuffling measures by how much.");
  const double plain = spread(reshuffled.x);
  const double at_ends = spread(reshuffled.x, kExamples / 8);
  findings.verdict(
      at_most("reshuffled, variance at epoch ends over all updates, λ = 1", at_ends / plain, 1));
  const Path averaged = walk(pulls, {.batch_size = 1, .replacement = true, .averaged = true}, 5000);
  findings.verdict(at_most("B = 1, |average of 5,000 iterates| on axis 1 over the iterates' spread",
                           std::abs(averaged.x.back()) / std::sqrt(kLr * variance[0] / (2 - kLr)),
                           0.5));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment trajectories;
const Experiment trajectories{
    "trajectories", "Trajectories in two dimensions", "Exercise 5",
    "What does the noise of small batches look like, and how far from the minimum does it hold θ?",
    run};
}  // namespace lab
