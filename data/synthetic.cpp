#include <cmath>
#include <numbers>
#include <string>

#include <tarn/data/synthetic.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

using std::numbers::pi;

void check(bool good, const char* function, const std::string& option, double value,
           const char* expected) {
  if (!good) throw ValueError(str(function, ": ", option, " = ", value, ": expected ", expected));
}

void check_count(const char* function, const char* option, std::int64_t value) {
  check(value >= 1, function, option, static_cast<double>(value), ">= 1");
}

void check_std(const char* function, const char* option, double value) {
  check(std::isfinite(value) && value >= 0, function, option, value, "a finite number >= 0");
}

std::vector<double> normals(std::int64_t count, Generator& generator) {
  return randn({count}, generator, {.dtype = kFloat64}).to_vector<double>();
}

// Example i at mean(class, place) plus noise; places of a class are spread evenly over 0..1.
template <class F>
TensorDataset classes(std::int64_t n, std::int64_t count, std::int64_t features, double std,
                      Generator& generator, F&& mean) {
  const std::vector<double> noise = normals(n * features, generator);
  std::vector<float> data;
  std::vector<std::int64_t> target;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t c = i % count;
    const std::int64_t last = (n - 1 - c) / count;  // place of the last example of the class
    const double place = last > 0 ? static_cast<double>(i / count) / static_cast<double>(last) : 0;
    for (std::int64_t f = 0; f < features; ++f) {
      const double draw = noise[static_cast<std::size_t>(i * features + f)];
      data.push_back(static_cast<float>(mean(c, place, f) + std * draw));
    }
    target.push_back(c);
  }
  return {from_vector(data, {n, features}), from_vector(target, {n})};
}

// Calls f(row, x w + b) for n rows x from N(0, 1), which it returns.
template <class F>
Tensor linear_rows(const char* function, std::int64_t n, const std::vector<double>& weight,
                   double bias, Generator& generator, F&& f) {
  check_count(function, "n", n);
  check(!weight.empty(), function, "weight.size()", 0, ">= 1");
  for (std::size_t i = 0; i < weight.size(); ++i)
    check(std::isfinite(weight[i]), function, str("weight[", i, "]"), weight[i], "a finite number");
  check(std::isfinite(bias), function, "bias", bias, "a finite number");
  const auto features = static_cast<std::int64_t>(weight.size());
  Tensor x = randn({n, features}, generator);
  const float* const values = x.data_ptr<float>();
  for (std::int64_t i = 0; i < n; ++i) {
    double sum = bias;
    for (std::int64_t k = 0; k < features; ++k)
      sum += static_cast<double>(values[i * features + k]) * weight[static_cast<std::size_t>(k)];
    f(static_cast<std::size_t>(i), sum);
  }
  return x;
}

}  // namespace

TensorDataset make_moons(const MoonsOptions& options) {
  check_count("make_moons", "n", options.n);
  check_std("make_moons", "noise", options.noise);
  Generator generator(options.seed);
  return classes(options.n, 2, 2, options.noise, generator,
                 [](std::int64_t c, double place, std::int64_t f) {
                   const double value = f == 0 ? std::cos(pi * place) : std::sin(pi * place);
                   return c == 0 ? value : (f == 0 ? 1 : 0.5) - value;
                 });
}

TensorDataset make_spirals(const SpiralsOptions& options) {
  const auto& [n, arms, turns, noise, seed] = options;
  check_count("make_spirals", "n", n);
  check_count("make_spirals", "classes", arms);
  check(std::isfinite(turns), "make_spirals", "turns", turns, "a finite number");
  check_std("make_spirals", "noise", noise);
  Generator generator(seed);
  const auto point = [&options](std::int64_t c, double place, std::int64_t f) {
    const double share = static_cast<double>(c) / static_cast<double>(options.classes);
    const double angle = 2 * pi * (options.turns * place + share);
    return place * (f == 0 ? std::cos(angle) : std::sin(angle));
  };
  return classes(n, arms, 2, noise, generator, point);
}

TensorDataset make_blobs(const BlobsOptions& options) {
  check_count("make_blobs", "n", options.n);
  check_count("make_blobs", "classes", options.classes);
  check_count("make_blobs", "features", options.features);
  check_std("make_blobs", "std", options.std);
  check(std::isfinite(options.box) && options.box > 0, "make_blobs", "box", options.box,
        "a finite number > 0");
  Generator generator(options.seed);
  const auto centres = rand({options.classes * options.features}, generator, {.dtype = kFloat64})
                           .to_vector<double>();
  return classes(options.n, options.classes, options.features, options.std, generator,
                 [&](std::int64_t c, double, std::int64_t f) {
                   const auto i = static_cast<std::size_t>(c * options.features + f);
                   return options.box * (2 * centres[i] - 1);
                 });
}

TensorDataset make_regression(const RegressionOptions& options) {
  check_std("make_regression", "noise", options.noise);
  check_count("make_regression", "n", options.n);
  Generator generator(options.seed);
  std::vector<double> target = normals(options.n, generator);
  const Tensor x = linear_rows(
      "make_regression", options.n, options.weight, options.bias, generator,
      [&](std::size_t i, double value) { target[i] = value + options.noise * target[i]; });
  return {x, from_vector(target, {options.n}).to(kFloat32)};
}

TensorDataset make_logistic(const LogisticOptions& options) {
  check_count("make_logistic", "n", options.n);
  Generator generator(options.seed);
  const auto draws = rand({options.n}, generator, {.dtype = kFloat64}).to_vector<double>();
  std::vector<std::int64_t> target(draws.size());
  const Tensor x = linear_rows("make_logistic", options.n, options.weight, options.bias, generator,
                               [&](std::size_t i, double value) {
                                 target[i] = draws[i] < 1 / (1 + std::exp(-value)) ? 1 : 0;
                               });
  return {x, from_vector(target, {options.n})};
}

}  // namespace tarn::data
