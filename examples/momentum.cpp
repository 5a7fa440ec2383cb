// Momentum in the user's own file: the heavy ball of Polyak (1964) as a class of fifteen lines,
// trained beside the library's SGD with momentum. Same seeds, same data: the parameters must come
// out equal to the last bit.
//
//   momentum [--epochs N] [--lr X] [--beta X] [--seed N]
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <numbers>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <tarn/tarn.h>

using namespace tarn;

namespace {

class HeavyBall : public optim::Optimizer {
 public:
  struct Options {
    double lr = 0.01;
    double beta = 0.9;
  };
  HeavyBall(std::vector<Tensor> params, Options o)
      : Optimizer("HeavyBall", std::move(params), o.lr), beta_(o.beta) {}

 protected:
  void update(Tensor& p, const Tensor& g, optim::State& s,
              const optim::ParamGroup& group) override {
    Tensor& v = s.zeros_like("velocity", p);  // made on first use, saved by state_dict
    v.mul_(beta_).add_(g);
    p.sub_(v, group.lr);
  }

 private:
  double beta_;
};

struct MLP : nn::Module {
  nn::Linear& fc1 = add("fc1", nn::Linear(2, 32));
  nn::Linear& fc2 = add("fc2", nn::Linear(32, 2));
  Tensor forward(const Tensor& x) override { return fc2(tanh(fc1(x))); }
};

struct Settings {
  int epochs = 60;
  double lr = 0.05;
  double beta = 0.9;
  std::uint64_t seed = 0;
};

constexpr std::int64_t kExamples = 1000;
constexpr std::int64_t kBatchSize = 25;

struct Spirals {
  Tensor x;  // [N, 2]
  Tensor y;  // [N], the arm: 0 or 1
};

// Two arms that wind once around each other, with a little noise.
Spirals make_spirals(Generator& generator) {
  const std::vector<float> along = rand({kExamples}, generator).to_vector<float>();
  std::vector<float> points;
  std::vector<std::int64_t> arms;
  for (const float a : along) {
    const auto arm = static_cast<std::int64_t>(arms.size() % 2);
    const double angle = (2 * a + static_cast<double>(arm)) * std::numbers::pi;
    points.push_back(static_cast<float>((0.3 + 2 * a) * std::cos(angle)));
    points.push_back(static_cast<float>((0.3 + 2 * a) * std::sin(angle)));
    arms.push_back(arm);
  }
  const Tensor noise = randn({kExamples, 2}, generator) * 0.05;
  return {from_vector(points, {kExamples, 2}) + noise, from_vector(arms, {kExamples})};
}

// The mean loss of each epoch. The seed decides on the shuffles.
std::vector<double> train(MLP& model, optim::Optimizer& optimizer, const Spirals& data,
                          const Settings& settings) {
  optim::CosineAnnealingLR schedule(optimizer, {.T_max = settings.epochs});
  Generator shuffles(settings.seed);
  std::vector<double> history;
  for (int epoch = 0; epoch < settings.epochs; ++epoch) {
    const Tensor order = randperm(kExamples, shuffles);
    double sum = 0;
    for (std::int64_t start = 0; start < kExamples; start += kBatchSize) {
      const Tensor index = order.narrow(0, start, kBatchSize);
      optimizer.zero_grad();
      const Tensor loss =
          cross_entropy(model(data.x.index_select(0, index)), data.y.index_select(0, index));
      loss.backward();
      nn::clip_grad_norm_(model.parameters(), 1.0);
      optimizer.step();
      sum += loss.item() * static_cast<double>(kBatchSize);
    }
    schedule.step();
    history.push_back(sum / static_cast<double>(kExamples));
  }
  return history;
}

// Number of elements, over all parameters, whose bits differ.
std::int64_t different_bits(const MLP& a, const MLP& b) {
  std::int64_t count = 0;
  const std::vector<Tensor> of_a = a.parameters();
  const std::vector<Tensor> of_b = b.parameters();
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    const std::vector<float> x = of_a[i].to_vector<float>();
    const std::vector<float> y = of_b[i].to_vector<float>();
    for (std::size_t j = 0; j < x.size(); ++j) {
      count += std::bit_cast<std::uint32_t>(x[j]) != std::bit_cast<std::uint32_t>(y[j]);
    }
  }
  return count;
}

// A model with the initial values that belong to the seed.
MLP make_model(std::uint64_t seed) {
  manual_seed(seed);
  return {};
}

int run(const Settings& settings) {
  Generator generator(fork_seed(settings.seed, 1));
  const Spirals data = make_spirals(generator);
  MLP plain = make_model(settings.seed);
  MLP theirs = make_model(settings.seed);
  MLP own = make_model(settings.seed);
  optim::SGD sgd(plain.parameters(), {.lr = settings.lr});
  optim::SGD momentum(theirs.parameters(), {.lr = settings.lr, .momentum = settings.beta});
  HeavyBall ball(own.parameters(), {.lr = settings.lr, .beta = settings.beta});
  const std::vector<double> losses[] = {train(plain, sgd, data, settings),
                                        train(theirs, momentum, data, settings),
                                        train(own, ball, data, settings)};

  std::printf("%6s  %12s  %14s  %12s\n", "epoch", "SGD", "SGD(momentum)", "HeavyBall");
  const std::size_t every = std::max<std::size_t>(losses[0].size() / 12, 1);
  for (std::size_t epoch = every; epoch <= losses[0].size(); epoch += every) {
    std::printf("%6zu  %12.6f  %14.6f  %12.6f\n", epoch, losses[0][epoch - 1], losses[1][epoch - 1],
                losses[2][epoch - 1]);
  }
  const std::int64_t different = different_bits(theirs, own);
  std::printf("\n%lld of %lld parameters of HeavyBall differ from SGD(momentum)'s: %s\n",
              static_cast<long long>(different), static_cast<long long>(own.num_parameters()),
              different == 0 ? "the same bits" : "NOT the same bits");
  return different == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("A user's momentum optimizer against the library's, bit for bit");
  app.add_option("--epochs", settings.epochs, "passes through the 1000 points of two spirals")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--lr", settings.lr, "learning rate, falling to 0 along half a cosine")
      ->capture_default_str();
  app.add_option("--beta", settings.beta, "momentum")->capture_default_str();
  app.add_option("--seed", settings.seed, "of the data, the weights and the shuffles")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    return run(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "momentum: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
