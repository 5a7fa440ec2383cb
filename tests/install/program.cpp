// What a program outside of tarn's tree does with it, across the boundary of the library: classes
// derived from its own, its exceptions caught, its templates, and the switches that inline
// functions of its headers read.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <tarn/tarn.h>

using namespace tarn;

namespace {

class HeavyBall : public optim::Optimizer {
 public:
  HeavyBall(std::vector<Tensor> params, double lr)
      : Optimizer("HeavyBall", std::move(params), lr) {}

 protected:
  void update(Tensor& p, const Tensor& g, optim::State& s,
              const optim::ParamGroup& group) override {
    Tensor& v = s.zeros_like("velocity", p);
    v.mul_(0.9).add_(g);
    p.sub_(v, group.lr);
  }
};

struct MLP : nn::Module {
  nn::Linear& fc1 = add("fc1", nn::Linear(2, 16));
  nn::Linear& fc2 = add("fc2", nn::Linear(16, 2));
  Tensor forward(const Tensor& x) override { return fc2(tanh(fc1(x))); }
};

void expect(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "program: not so: %s\n", what);
  std::exit(1);
}

double train(MLP& model, optim::Optimizer& optimizer) {
  data::DataLoader loader(data::make_moons({.n = 100, .noise = 0.1}),
                          {.batch_size = 10, .num_workers = 1, .seed = 1});
  double sum = 0;
  for (int epoch = 0; epoch < 20; ++epoch) {
    sum = 0;
    for (auto& [x, y] : loader) {
      optimizer.zero_grad();
      const Tensor loss = cross_entropy(model(x), y);
      loss.backward();
      optimizer.step();
      sum += loss.item();
    }
  }
  return sum / static_cast<double>(loader.size());
}

bool names_the_shapes() {
  try {
    MLP()(ones({3, 5}));
  } catch (const ShapeError& error) {
    return std::string(error.what()).find("[3, 5]") != std::string::npos;
  }
  return false;
}

}  // namespace

int main() {
  manual_seed(0);
  MLP model;
  HeavyBall ball(model.parameters(), 0.05);
  const double loss = train(model, ball);
  expect(loss < 0.2, "a network learns the moons");
  expect(names_the_shapes(), "an exception of the library is caught by its type");
  {
    const NoGradGuard no_grad;
    expect(!model(ones({1, 2})).requires_grad(),
           "NoGradGuard, which the header switches, reaches the library");
  }
  expect(model(ones({1, 2})).requires_grad(), "and ends");
  const nn::Module& first = *model.children().front();
  expect(dynamic_cast<const nn::Linear*>(&first) != nullptr, "a layer is known by its type");

  io::save_checkpoint("program.safetensors", {{"model", model}, {"optimizer", ball}});
  MLP again;
  HeavyBall other(again.parameters(), 0.05);
  io::load_checkpoint("program.safetensors", {{"model", again}, {"optimizer", other}});
  std::filesystem::remove("program.safetensors");
  expect(model.fc1.weight.to_vector<float>() == again.fc1.weight.to_vector<float>(),
         "a checkpoint is read back");
  std::cout << "loss " << std::round(loss * 100) / 100 << '\n';
}
