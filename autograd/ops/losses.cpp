#include <algorithm>
#include <cmath>
#include <limits>

#include <tarn/autograd/detail/checks.h>
#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/ops/activations.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/losses.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/elementwise.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kBinaryCrossEntropy{"binary_cross_entropy"};

// What the gradient of binary_cross_entropy divides by at least; PyTorch's number, a float.
constexpr double kLeastVariance = 1e-12F;

void check_pair(const char* op, const Tensor& input, const Tensor& target) {
  require_defined(op, {&input, &target});
  if (input.sizes() != target.sizes()) {
    throw ShapeError(str(op, ": input has shape ", input.sizes(), " and target ", target.sizes(),
                         ": expected equal shapes; use view() or unsqueeze() on one of them"));
  }
  if (!is_floating_point(input.dtype()) || !is_floating_point(target.dtype())) {
    throw DTypeError(str(op, ": input is ", input.dtype(), " and target ", target.dtype(),
                         ": expected float32 or float64; convert with .to(kFloat32)"));
  }
}

Tensor reduce(const char* op, const Tensor& losses, Reduction reduction, const Where& where) {
  switch (reduction) {
    case Reduction::none:
      return losses;
    case Reduction::sum:
      return sum(losses, where);
    case Reduction::mean:
      return mean(losses, where);
    case Reduction::batchmean:
      break;
  }
  throw ValueError(str(op, ": reduction = batchmean is for kl_div: expected mean, sum or none"));
}

Tensor weighted(const char* op, const Tensor& losses, const Tensor& weight, const Where& where) {
  if (!weight.defined()) return losses;
  if (broadcast_shapes(op, losses.sizes(), weight.sizes()) != losses.sizes()) {
    throw ShapeError(str(op, ": a weight of shape ", weight.sizes(),
                         " does not broadcast to the losses' shape ", losses.sizes()));
  }
  return mul(losses, weight, where);
}

// d^2 / 2 where |d| < end, else end (|d| - end / 2).
Tensor parabola_and_lines(const Tensor& d, double end, const Where& where) {
  const Tensor inner = clamp(d, -end, end, where);
  return mul(inner, sub(d, mul(inner, 0.5, where), 1, where), where);
}

void check_probabilities(const Tensor& input) {
  const Tensor x = kernels::cast(input, input.dtype(), /*contiguous=*/true);
  kernels::visit_floating("binary_cross_entropy", x.dtype(), [&]<class T>() {
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      const T p = x.data_ptr<T>()[i];
      if (p >= T(0) && p <= T(1)) continue;
      throw ValueError(str("binary_cross_entropy: ", element_name("input", x.sizes(), i), " = ", p,
                           ": expected a probability from 0 to 1; use sigmoid(), or "
                           "binary_cross_entropy_with_logits()"));
    }
  });
}

}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, const MseLossOptions& options,
                Where where) {
  check_pair("mse_loss", input, target);
  return reduce("mse_loss", square(sub(input, target, 1, where), where), options.reduction, where);
}

Tensor l1_loss(const Tensor& input, const Tensor& target, const L1LossOptions& options,
               Where where) {
  check_pair("l1_loss", input, target);
  return reduce("l1_loss", abs(sub(input, target, 1, where), where), options.reduction, where);
}

Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, const SmoothL1LossOptions& options,
                      Where where) {
  check_pair("smooth_l1_loss", input, target);
  const double beta = options.beta;
  if (!(beta >= 0) || std::isinf(beta))
    throw ValueError(str("smooth_l1_loss: beta = ", beta, ": expected a finite number >= 0"));
  const Tensor d = sub(input, target, 1, where);
  return reduce(
      "smooth_l1_loss",
      beta == 0 ? abs(d, where) : mul(parabola_and_lines(d, beta, where), 1 / beta, where),
      options.reduction, where);
}

Tensor huber_loss(const Tensor& input, const Tensor& target, const HuberLossOptions& options,
                  Where where) {
  check_pair("huber_loss", input, target);
  if (!(options.delta > 0) || std::isinf(options.delta))
    throw ValueError(str("huber_loss: delta = ", options.delta, ": expected a finite number > 0"));
  const Tensor d = sub(input, target, 1, where);
  return reduce("huber_loss", parabola_and_lines(d, options.delta, where), options.reduction,
                where);
}

Tensor binary_cross_entropy(const Tensor& input, const Tensor& target,
                            const BinaryCrossEntropyOptions& options, Where where) {
  check_pair("binary_cross_entropy", input, target);
  check_probabilities(input);
  const Tensor losses = kernels::zip_floating(
      "binary_cross_entropy", input, target, [](const auto& p, const auto& q) {
        using T = kernels::ElementOf<decltype(p)>;
        return kernels::each(
            [](T x, T t) {
              return (t - T(1)) * std::max(std::log1p(-x), T(-100)) -
                     t * std::max(std::log(x), T(-100));
            },
            p, q);
      });
  return reduce(
      "binary_cross_entropy",
      weighted("binary_cross_entropy",
               record(kBinaryCrossEntropy, where, losses,
                      wrt(input,
                          [x = saved(input), t = saved(target)](const Tensor& g) {
                            const Tensor p = x.get();
                            return mul(g, (p - t.get()) / clamp_min(p * (1 - p), kLeastVariance));
                          }),
                      wrt(target,
                          [x = saved(input)](const Tensor& g) {
                            const Tensor p = x.get();
                            return mul(g, clamp_min(log1p(-p), -100) - clamp_min(log(p), -100));
                          })),
               options.weight, where),
      options.reduction, where);
}

Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target,
                                        const BceWithLogitsOptions& options, Where where) {
  const char* const op = "binary_cross_entropy_with_logits";
  check_pair(op, input, target);
  // -log(sigmoid(x)) = softplus(-x) and -log(1 - sigmoid(x)) = x + softplus(-x).
  const double never = std::numeric_limits<double>::infinity();
  const Tensor positive = softplus(neg(input, where), 1, never, where);
  const Tensor negative_part = mul(sub(ones_like(target), target, 1, where), input, where);
  const Tensor factor =
      options.pos_weight.defined()
          ? add(weighted(op, target, sub(options.pos_weight, ones({}), 1, where), where), 1, where)
          : Tensor();
  const Tensor losses =
      add(negative_part, factor.defined() ? mul(factor, positive, where) : positive, 1, where);
  return reduce(op, weighted(op, losses, options.weight, where), options.reduction, where);
}

Tensor kl_div(const Tensor& input, const Tensor& target, const KlDivOptions& options, Where where) {
  check_pair("kl_div", input, target);
  Tensor losses;
  if (options.log_target) {
    losses = mul(exp(target, where), sub(target, input, 1, where), where);
  } else {
    const Tensor t = tarn::where(eq(target, 0), 1, target, where);  // 1 log(1) = 0
    losses = sub(mul(t, log(t, where), where), mul(target, input, where), 1, where);
  }
  if (options.reduction != Reduction::batchmean)
    return reduce("kl_div", losses, options.reduction, where);
  return mul(sum(losses, where), 1.0 / static_cast<double>(input.dim() == 0 ? 1 : input.sizes()[0]),
             where);
}

}  // namespace tarn
