#pragma once

#include <vector>

#include <tarn/autograd/ops.h>
#include <tarn/nn/activation.h>
#include <tarn/nn/linear.h>
#include <tarn/nn/sequential.h>
#include <tarn/optim/objective.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "leaves.h"

namespace tarn::testing {

/// The loss sum_j h_j (x_j - c_ij)^2 / 2 of example i: the mean has the Hessian diag(h).
inline optim::Objective quadratic(const Tensor& x, const std::vector<double>& curvatures,
                                  const Tensor& centers) {
  const Tensor half_h = mul(leaf(curvatures).detach().to(x.dtype()), 0.5);
  return {{x},
          [x, half_h](const optim::Examples& batch) {
            return mul(square(sub(x, batch[0])), half_h).sum({1});
          },
          optim::Examples{centers}};
}

/// The loss x^T A x / 2 of one example.
inline optim::Objective quadratic_form(const Tensor& x, const Tensor& a) {
  return {{x},
          [x, a](const optim::Examples&) {
            return mul(sum(mul(x, matmul(a, x))), 0.5).reshape({1});
          },
          optim::Examples{zeros({1})}};
}

inline Tensor random(const Shape& shape, std::uint64_t seed, DType dtype = kFloat64) {
  Generator generator(seed);
  return randn(shape, generator, {.dtype = dtype});
}

/// A small network on random data, with a smooth loss.
struct SmallNetwork {
  nn::Sequential model;
  Tensor inputs;   // [N, 3]
  Tensor targets;  // [N, 2]
  optim::Objective objective;

  explicit SmallNetwork(std::int64_t examples, DType dtype = kFloat64)
      : model(make(dtype)),
        inputs(random({examples, 3}, 5, dtype)),
        targets(random({examples, 2}, 6, dtype)),
        objective(model, losses, optim::Examples{inputs, targets}) {}
  SmallNetwork(const SmallNetwork&) = delete;

  static Tensor losses(const Tensor& output, const Tensor& target) {
    return square(sub(output, target)).sum({1});
  }

 private:
  static nn::Sequential make(DType dtype) {
    Generator generator(3);
    const GeneratorGuard guard(generator);
    nn::Sequential model(nn::Linear(3, 5), nn::Tanh(), nn::Linear(5, 2));
    model.to(dtype);
    return model;
  }
};

}  // namespace tarn::testing
