#pragma once

#include <tarn/autograd/ops/activations.h>
#include <tarn/nn/module.h>

namespace tarn::nn {

/// max(x, 0), element by element.
class ReLU : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// The hyperbolic tangent of each element.
class Tanh : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// 1 / (1 + exp(-x)), element by element.
class Sigmoid : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// tarn::leaky_relu.
class LeakyReLU : public Module {
 public:
  explicit LeakyReLU(double negative_slope = 0.01);
  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const double negative_slope;
};

/// tarn::elu.
class ELU : public Module {
 public:
  explicit ELU(double alpha = 1);
  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const double alpha;
};

/// tarn::silu.
class SiLU : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};

/// tarn::gelu.
class GELU : public Module {
 public:
  explicit GELU(Gelu approximate = Gelu::none);
  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const Gelu approximate;
};

/// The numbers of Softplus.
struct SoftplusOptions {
  double beta = 1;
  double threshold = 20;
};

/// tarn::softplus.
class Softplus : public Module {
 public:
  explicit Softplus(const SoftplusOptions& options = {});
  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const SoftplusOptions options;
};

/// tarn::softmax over dimension `dim`.
class Softmax : public Module {
 public:
  explicit Softmax(std::int64_t dim);
  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const std::int64_t dim;
};

/// tarn::log_softmax over dimension `dim`.
class LogSoftmax : public Module {
 public:
  explicit LogSoftmax(std::int64_t dim);
  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const std::int64_t dim;
};

}  // namespace tarn::nn
