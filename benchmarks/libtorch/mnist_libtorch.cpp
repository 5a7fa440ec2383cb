// Seconds per epoch of libtorch's training loop on MNIST: the networks, loss and loop of
// mnist_speed. One line of JSON.
//
//   mnist_libtorch --data data/mnist --model small --batch 64 --threads 2 --epochs 3 --lr 0.1
//                  --loader index|dataloader --steps 0
//
// `index` takes the batches of a shuffled order from data in memory, `dataloader` has
// torch::data::DataLoader stack them from examples. With --steps an epoch is so many steps, and its
// time is scaled up. compare.py builds it where libtorch is
// installed (Debian: libtorch-dev).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <torch/torch.h>

namespace {

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

torch::nn::Sequential make_model(const std::string& name) {
  torch::nn::Sequential model;
  std::int64_t width = 784;
  for (const std::int64_t hidden :
       name == "large" ? std::vector<std::int64_t>{512, 512} : std::vector<std::int64_t>{128}) {
    model->push_back(torch::nn::Linear(width, hidden));
    model->push_back(torch::nn::ReLU());
    width = hidden;
  }
  model->push_back(torch::nn::Linear(width, 10));
  return model;
}

class Rows : public torch::data::Dataset<Rows> {
 public:
  Rows(torch::Tensor x, torch::Tensor y) : x_(std::move(x)), y_(std::move(y)) {}
  torch::data::Example<> get(std::size_t i) override {
    const auto row = static_cast<std::int64_t>(i);
    return {x_[row], y_[row]};
  }
  torch::optional<std::size_t> size() const override {
    return static_cast<std::size_t>(x_.size(0));
  }

 private:
  torch::Tensor x_;
  torch::Tensor y_;
};

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> option = {
      {"--data", "data/mnist"}, {"--model", "small"}, {"--batch", "64"},     {"--threads", "2"},
      {"--epochs", "3"},        {"--lr", "0.1"},      {"--loader", "index"}, {"--steps", "0"}};
  for (int i = 1; i + 1 < argc; i += 2) {
    if (option.count(argv[i]) == 0) {
      std::fprintf(stderr, "mnist_libtorch: unknown option %s\n", argv[i]);
      return 2;
    }
    option[argv[i]] = argv[i + 1];
  }
  const std::int64_t batch = std::stoll(option["--batch"]);
  const int steps = std::stoi(option["--steps"]);
  const int epochs = std::stoi(option["--epochs"]);
  torch::set_num_threads(std::stoi(option["--threads"]));
  torch::manual_seed(0);
  const torch::data::datasets::MNIST digits(option["--data"]);
  const torch::Tensor x = (digits.images().reshape({-1, 784}) - 0.1307) / 0.3081;
  const torch::Tensor y = digits.targets();
  torch::nn::Sequential model = make_model(option["--model"]);
  torch::optim::SGD sgd(model->parameters(), std::stod(option["--lr"]));
  const auto step = [&](const torch::Tensor& images, const torch::Tensor& labels) {
    sgd.zero_grad();
    torch::nn::functional::cross_entropy(model->forward(images), labels).backward();
    sgd.step();
  };
  auto loader = torch::data::make_data_loader<torch::data::samplers::RandomSampler>(
      Rows(x, y).map(torch::data::transforms::Stack<>()),
      torch::data::DataLoaderOptions(static_cast<std::size_t>(batch)));
  // At most so many steps; 0: an epoch.
  const auto run = [&](int most) {
    if (option["--loader"] == "dataloader") {
      for (const auto& example : *loader) {
        step(example.data, example.target);
        if (--most == 0) break;
      }
      return;
    }
    const torch::Tensor order = torch::randperm(x.size(0), torch::kLong);
    for (std::int64_t i = 0; i < x.size(0); i += batch) {
      const torch::Tensor part = order.slice(0, i, std::min(i + batch, x.size(0)));
      step(x.index_select(0, part), y.index_select(0, part));
      if (--most == 0) break;
    }
  };
  run(50);  // not counted
  std::vector<double> times;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const double start = seconds();
    run(steps);
    const double part =
        steps == 0 ? 1 : static_cast<double>(steps * batch) / static_cast<double>(x.size(0));
    times.push_back((seconds() - start) / part);
  }
  std::sort(times.begin(), times.end());
  std::printf(
      "{\"model\":\"%s\",\"batch\":%s,\"threads\":%s,\"loader\":\"%s\",\"sec_per_epoch\":%.4f}\n",
      option["--model"].c_str(), option["--batch"].c_str(), option["--threads"].c_str(),
      option["--loader"].c_str(), times[times.size() / 2]);
}
