// What an operation costs in libtorch beside its arithmetic: what op_overhead measures, one line of
// JSON.
#include <cstdio>
#include <vector>

#include <torch/torch.h>

#include "../median_seconds.h"

namespace {

constexpr int kChain = 1000;

template <class Op>
double forward_and_backward(torch::Tensor x, Op op) {
  return median_seconds([&] {
           x.mutable_grad() = torch::Tensor();
           torch::Tensor y = x;
           for (int i = 0; i < kChain; ++i) y = op(y);
           y.sum().backward();
         }) /
         kChain;
}

void print(const char* name, double value) { std::printf(",\"%s\":%.4g", name, value); }

double step_microseconds(double momentum) {
  std::vector<torch::Tensor> parameters;
  for (int i = 0; i < 100; ++i) {
    torch::Tensor p = torch::rand({10}).requires_grad_();
    p.mutable_grad() = torch::rand({10});
    parameters.push_back(p);
  }
  torch::optim::SGD sgd(parameters, torch::optim::SGDOptions(1e-6).momentum(momentum));
  return median_seconds([&] { sgd.step(); }, 500) * 1e6;
}

}  // namespace

int main() {
  torch::set_num_threads(1);
  torch::manual_seed(0);
  std::printf("{\"unit\":\"ns per op\"");
  const torch::Tensor x = torch::rand({1}).requires_grad_();
  const torch::Tensor b = torch::rand({1});
  const auto chain = [&] {
    torch::Tensor y = x;
    for (int i = 0; i < kChain; ++i) y = y + b;
  };
  print("add_no_grad", median_seconds([&] {
                         const torch::NoGradGuard no_grad;
                         chain();
                       }) / kChain *
                           1e9);
  print("add_forward", median_seconds(chain) / kChain * 1e9);
  print("add", forward_and_backward(x, [&](const torch::Tensor& y) { return y + b; }) * 1e9);
  print("mul", forward_and_backward(x, [&](const torch::Tensor& y) { return y * b; }) * 1e9);
  print("relu",
        forward_and_backward(x, [](const torch::Tensor& y) { return torch::relu(y); }) * 1e9);
  print("sgd_step_us", step_microseconds(0));
  print("sgd_momentum_step_us", step_microseconds(0.9));
  std::printf("}\n");
}
