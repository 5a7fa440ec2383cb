#include <cmath>

#include <tarn/autograd/grad_mode.h>
#include <tarn/nn/init.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::nn::init {
namespace {

struct Fans {
  double in;
  double out;
};

Fans fans(const char* op, const Tensor& x) {
  if (x.dim() < 2) {
    throw ShapeError(str(op, ": the tensor has shape ", x.sizes(),
                         ": expected a weight [out, in, ...]; use uniform_ or normal_ for a bias"));
  }
  double receptive_field = 1;
  for (int i = 2; i < x.dim(); ++i) receptive_field *= static_cast<double>(x.size(i));
  return {static_cast<double>(x.size(1)) * receptive_field,
          static_cast<double>(x.size(0)) * receptive_field};
}

void check_not_negative(const char* op, const char* what, double value) {
  if (!(value >= 0) || std::isinf(value)) {
    throw ValueError(str(op, ": ", what, " = ", value, ": expected a finite number >= 0"));
  }
}

double xavier_std(const char* op, const Tensor& x, double gain) {
  check_not_negative(op, "gain", gain);
  const Fans fan = fans(op, x);
  return gain * std::sqrt(2 / (fan.in + fan.out));
}

double kaiming_std(const char* op, const Tensor& x, const KaimingOptions& options) {
  check_not_negative(op, "a", options.a);
  const Fans fan = fans(op, x);
  return calculate_gain(options.nonlinearity, options.a) /
         std::sqrt(options.mode == FanMode::fan_in ? fan.in : fan.out);
}

// The uniform distribution on (-b, b) has the standard deviation b / sqrt(3).
const Tensor& uniform_with_std(const Tensor& x, double std) {
  const double bound = std::sqrt(3.0) * std;
  return x.numel() == 0 ? x : init::uniform_(x, -bound, bound);
}

const Tensor& normal_with_std(const Tensor& x, double std) {
  return x.numel() == 0 ? x : init::normal_(x, 0, std);
}

}  // namespace

double calculate_gain(Nonlinearity nonlinearity, double param) {
  switch (nonlinearity) {
    case Nonlinearity::linear:
    case Nonlinearity::conv1d:
    case Nonlinearity::conv2d:
    case Nonlinearity::conv3d:
    case Nonlinearity::conv_transpose1d:
    case Nonlinearity::conv_transpose2d:
    case Nonlinearity::conv_transpose3d:
    case Nonlinearity::sigmoid:
      return 1;
    case Nonlinearity::tanh:
      return 5.0 / 3;
    case Nonlinearity::relu:
      return std::sqrt(2.0);
    case Nonlinearity::leaky_relu:
      return std::sqrt(2 / (1 + param * param));
    case Nonlinearity::selu:
      return 0.75;
  }
  throw ValueError("calculate_gain: unknown nonlinearity");
}

const Tensor& uniform_(const Tensor& x, double low, double high) {
  if (!(low <= high) || std::isinf(low) || std::isinf(high)) {
    throw ValueError(
        str("uniform_: low = ", low, ", high = ", high, ": expected finite numbers, low <= high"));
  }
  const NoGradGuard no_grad;
  return tarn::uniform_(x, low, high);
}

const Tensor& normal_(const Tensor& x, double mean, double std) {
  if (!(std >= 0) || std::isinf(std) || !std::isfinite(mean)) {
    throw ValueError(
        str("normal_: mean = ", mean, ", std = ", std, ": expected finite numbers, std >= 0"));
  }
  const NoGradGuard no_grad;
  return tarn::normal_(x, mean, std);
}

const Tensor& constant_(const Tensor& x, double value) {
  const NoGradGuard no_grad;
  return x.fill_(value);
}

const Tensor& zeros_(const Tensor& x) { return constant_(x, 0); }

const Tensor& ones_(const Tensor& x) { return constant_(x, 1); }

const Tensor& xavier_uniform_(const Tensor& x, double gain) {
  return uniform_with_std(x, xavier_std("xavier_uniform_", x, gain));
}

const Tensor& xavier_normal_(const Tensor& x, double gain) {
  return normal_with_std(x, xavier_std("xavier_normal_", x, gain));
}

const Tensor& kaiming_uniform_(const Tensor& x, const KaimingOptions& options) {
  return uniform_with_std(x, kaiming_std("kaiming_uniform_", x, options));
}

const Tensor& kaiming_normal_(const Tensor& x, const KaimingOptions& options) {
  return normal_with_std(x, kaiming_std("kaiming_normal_", x, options));
}

}  // namespace tarn::nn::init
