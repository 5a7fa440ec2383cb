// Seconds per epoch of the plain training loop on MNIST: one line of JSON.
//
//   mnist_speed --data data/mnist --model small --batch 64 --threads 2 --epochs 3
//
// The loop is the one that a user writes: loader, zero_grad, forward, cross_entropy, backward,
// step. An epoch that is not counted comes first.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <tarn/tarn.h>

namespace {

using namespace tarn;

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

nn::Sequential make_model(const std::string& name) {
  nn::Sequential model;
  std::int64_t width = 784;
  for (const std::int64_t hidden :
       name == "large" ? std::vector<std::int64_t>{512, 512} : std::vector<std::int64_t>{128}) {
    model.push_back(nn::Linear(width, hidden));
    model.push_back(nn::ReLU());
    width = hidden;
  }
  model.push_back(nn::Linear(width, 10));
  return model;
}

double accuracy(nn::Module& model, const data::MNIST& test) {
  const NoGradGuard no_grad;
  std::int64_t correct = 0;
  data::DataLoader loader(test, {.batch_size = 1000, .shuffle = false});
  for (auto& [x, y] : loader) correct += model(x).argmax(1).eq(y).sum().item<std::int64_t>();
  return static_cast<double>(correct) / static_cast<double>(test.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder = "data/mnist";
  std::string name = "small";
  std::int64_t batch = 64;
  int threads = 2;
  int epochs = 3;
  double lr = 0.1;
  CLI::App app("Seconds per epoch of a plain training loop on MNIST");
  app.add_option("--data", folder, "folder with the IDX files")->capture_default_str();
  app.add_option("--model", name, "small: 784-128-10, large: 784-512-512-10")
      ->check(CLI::IsMember({"small", "large"}))
      ->capture_default_str();
  app.add_option("--batch", batch, "batch size")->capture_default_str();
  app.add_option("--threads", threads, "threads")->capture_default_str();
  app.add_option("--epochs", epochs, "epochs that are counted")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--lr", lr, "learning rate")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    set_num_threads(threads);
    manual_seed(0);
    const data::MNIST train(folder, {.train = true});
    const data::MNIST test(folder, {.train = false});
    data::DataLoader loader(train, {.batch_size = batch});
    nn::Sequential model = make_model(name);
    optim::SGD sgd(model.parameters(), {.lr = lr});
    std::vector<double> times;
    for (int epoch = 0; epoch <= epochs; ++epoch) {
      const double start = seconds();
      for (auto& [x, y] : loader) {
        sgd.zero_grad();
        const Tensor loss = cross_entropy(model(x), y);
        loss.backward();
        sgd.step();
      }
      if (epoch > 0) times.push_back(seconds() - start);
    }
    std::sort(times.begin(), times.end());
    const double median = times[times.size() / 2];
    std::printf(
        "{\"model\":\"%s\",\"batch\":%lld,\"threads\":%d,\"sec_per_epoch\":%.4f,\"min\":%.4f,"
        "\"samples_per_s\":%.0f,"
        "\"test_acc\":%.4f}\n",
        name.c_str(), static_cast<long long>(batch), threads, median, times.front(),
        static_cast<double>(train.size()) / median, accuracy(model, test));
  } catch (const Error& error) {
    std::fprintf(stderr, "mnist_speed: %s\n", error.what());
    return 1;
  }
}
