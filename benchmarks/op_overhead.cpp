// What an operation costs beside its arithmetic: nanoseconds on tiny tensors, one line of JSON.
//
//   op_overhead
//
// Medians of repetitions on one thread. A chain of 1,000 ops is computed, and differentiated where
// the name says so.
#include <cstdio>
#include <vector>

#include <tarn/tarn.h>

#include "median_seconds.h"

namespace {

using namespace tarn;

constexpr int kChain = 1000;

template <class Op>
double forward_and_backward(const Tensor& x, Op op) {
  return median_seconds([&] {
           x.set_grad(Tensor());
           Tensor y = x;
           for (int i = 0; i < kChain; ++i) y = op(y);
           y.sum().backward();
         }) /
         kChain;
}

void print(const char* name, double value) { std::printf(",\"%s\":%.4g", name, value); }

double step_microseconds(double momentum) {
  std::vector<Tensor> parameters;
  for (int i = 0; i < 100; ++i) {
    Tensor p = rand({10});
    p.requires_grad_();
    p.set_grad(rand({10}));
    parameters.push_back(p);
  }
  optim::SGD sgd(parameters, {.lr = 1e-6, .momentum = momentum});
  return median_seconds([&] { sgd.step(); }, 500) * 1e6;
}

}  // namespace

int main() {
  set_num_threads(1);
  manual_seed(0);
  std::printf("{\"unit\":\"ns per op\"");
  for (const std::int64_t n : {1, 8}) {
    const Tensor x = rand({n}).requires_grad_();
    const Tensor b = rand({n});
    std::printf(",\"elements\":%d", static_cast<int>(n));
    const auto chain = [&] {
      Tensor y = x;
      for (int i = 0; i < kChain; ++i) y = y + b;
    };
    print("add_no_grad", median_seconds([&] {
                           const NoGradGuard no_grad;
                           chain();
                         }) / kChain *
                             1e9);
    print("add_forward", median_seconds(chain) / kChain * 1e9);
    print("add", forward_and_backward(x, [&](const Tensor& y) { return y + b; }) * 1e9);
    print("mul", forward_and_backward(x, [&](const Tensor& y) { return y * b; }) * 1e9);
    print("relu", forward_and_backward(x, [](const Tensor& y) { return relu(y); }) * 1e9);
  }
  print("sgd_step_us", step_microseconds(0));
  print("sgd_momentum_step_us", step_microseconds(0.9));
  std::printf("}\n");
  return 0;
}
