#include <limits>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/losses.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/softmax.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kSoftmax{"softmax"};
const Op kLogSoftmax{"log_softmax"};
const Op kNllLoss{"nll_loss"};
const Op kCrossEntropy{"cross_entropy"};

Tensor as_floating(const Tensor& x) { return is_floating_point(x.dtype()) ? x : to(x, kFloat32); }

// Checks shapes, types and every label; returns how many labels count.
std::int64_t check_targets(const char* op, const Tensor& scores, const Tensor& target,
                           std::int64_t ignore_index) {
  if (!is_floating_point(scores.dtype())) {
    throw DTypeError(str(op, ": the input is ", scores.dtype(), ": expected float32 or float64"));
  }
  if (target.dtype() != kInt64) {
    throw DTypeError(str(op, ": target is ", target.dtype(),
                         ": expected int64 class indices; convert with .to(kInt64)"));
  }
  const std::int64_t classes = scores.sizes()[1];
  const Tensor labels = kernels::cast(target, kInt64, /*contiguous=*/true);
  const auto* const label = labels.data_ptr<std::int64_t>();
  std::int64_t counted = 0;
  for (std::int64_t i = 0; i < labels.numel(); ++i) {
    if (label[i] == ignore_index) continue;
    if (label[i] < 0 || label[i] >= classes) {
      throw ValueError(str(op, ": target[", i, "] = ", label[i], " is out of range for ", classes,
                           " classes (expected 0..", classes - 1,
                           ", or ignore_index = ", ignore_index, ")"));
    }
    ++counted;
  }
  return counted;
}

void check_class_shapes(const char* op, const Tensor& scores, const Tensor& target) {
  const bool batch =
      scores.dim() == 2 && target.dim() == 1 && scores.sizes()[0] == target.sizes()[0];
  const bool single = scores.dim() == 1 && target.dim() == 0;
  if (!batch && !single) {
    throw ShapeError(str(op, ": input has shape ", scores.sizes(), " and target ", target.sizes(),
                         ": expected [N, C] and [N], or [C] and []"));
  }
}

// Per-example losses [N] brought down as the options say; `counted` is what a mean divides by.
Tensor reduce_examples(const Tensor& losses, Reduction reduction, std::int64_t counted,
                       const Where& where) {
  if (reduction == Reduction::none) return losses;
  Tensor total = sum(losses, where);
  if (reduction == Reduction::sum) return total;
  return div(total, scalar_tensor(static_cast<double>(counted), {.dtype = losses.dtype()}), where);
}

// -log_probs[i, target[i]] as [N], 0 where ignored.
Tensor pick(const Tensor& log_probs, const Tensor& target, std::int64_t ignore_index,
            const Where& where);

// The inverse of pick: -x[i] at [i, target[i]] of zeros [N, C].
Tensor unpick(const Tensor& x, std::int64_t classes, const Tensor& target,
              std::int64_t ignore_index) {
  const Tensor out = zeros({x.sizes()[0], classes}, {.dtype = x.dtype()});
  const Tensor values = kernels::cast(x, x.dtype(), /*contiguous=*/true);
  const auto* const label = target.data_ptr<std::int64_t>();
  kernels::visit_floating("nll_loss", x.dtype(), [&]<class T>() {
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      if (label[i] != ignore_index)
        out.data_ptr<T>()[i * classes + label[i]] = -values.data_ptr<T>()[i];
    }
  });
  return record(kNllLoss, Where::current(), out, wrt(x, [target, ignore_index](const Tensor& g) {
                  return pick(g, target, ignore_index, Where::current());
                }));
}

Tensor pick(const Tensor& log_probs, const Tensor& target, std::int64_t ignore_index,
            const Where& where) {
  const Tensor out = empty({log_probs.sizes()[0]}, {.dtype = log_probs.dtype()});
  const auto* const label = target.data_ptr<std::int64_t>();
  kernels::visit_floating("nll_loss", log_probs.dtype(), [&]<class T>() {
    const T* const first = log_probs.data_ptr<T>();
    for (std::int64_t i = 0; i < out.numel(); ++i) {
      out.data_ptr<T>()[i] =
          label[i] == ignore_index
              ? T(0)
              : -first[i * log_probs.strides()[0] + label[i] * log_probs.strides()[1]];
    }
  });
  return record(
      kNllLoss, where, out,
      wrt(log_probs, [classes = log_probs.sizes()[1], target, ignore_index](const Tensor& g) {
        return unpick(g, classes, target, ignore_index);
      }));
}

// A contiguous copy of the labels, [N]: later changes by the caller cannot reach the gradient.
Tensor own_labels(const Tensor& target) {
  Tensor labels = empty({target.numel()}, {.dtype = kInt64});
  kernels::copy_into(labels, target.detach().reshape({target.numel()}));
  return labels;
}

// How the gradient of the reduced loss reaches each example.
Tensor example_weights(const Tensor& g, Reduction reduction, std::int64_t counted) {
  if (reduction != Reduction::mean) return g;
  return div(g, scalar_tensor(static_cast<double>(counted), {.dtype = g.dtype()}));
}

Tensor reduced_outside_graph(const Tensor& losses, Reduction reduction, std::int64_t counted) {
  const NoGradGuard guard;
  return reduce_examples(losses, reduction, counted, Where::current());
}

// weights * (softmax(x) - one_hot(labels)) as a function of x, for second derivatives.
Tensor differentiable_gradient(const Tensor& x, const Tensor& labels, std::int64_t ignore_index,
                               const Tensor& weights) {
  const Tensor one_hot =
      neg(unpick(ones({x.sizes()[0]}, {.dtype = x.dtype()}), x.sizes()[1], labels, ignore_index));
  const Tensor counts = sum(one_hot, {1}, /*keepdim=*/true);
  const Tensor difference = sub(mul(softmax(x, 1), counts), one_hot);
  return mul(difference, weights.dim() == 0 ? weights : unsqueeze(weights, 1));
}

}  // namespace

Tensor softmax(const Tensor& x, std::int64_t dim, Where where) {
  require_defined("softmax", {&x});
  const int d = wrap_dim("softmax", dim, x.dim());
  const Tensor input = as_floating(x);
  const Tensor y = kernels::softmax(input, d);
  return record(kSoftmax, where, y, wrt(input, [y = saved_output(y), d](const Tensor& g) {
                  const Tensor p = y.get();
                  return mul(p, sub(g, sum(mul(g, p), {d}, /*keepdim=*/true)));
                }));
}

Tensor log_softmax(const Tensor& x, std::int64_t dim, Where where) {
  require_defined("log_softmax", {&x});
  const int d = wrap_dim("log_softmax", dim, x.dim());
  const Tensor input = as_floating(x);
  const Tensor y = kernels::log_softmax(input, d);
  return record(kLogSoftmax, where, y, wrt(input, [y = saved_output(y), d](const Tensor& g) {
                  return sub(g, mul(exp(y.get()), sum(g, {d}, /*keepdim=*/true)));
                }));
}

Tensor nll_loss(const Tensor& log_probs, const Tensor& target, const NllLossOptions& options,
                Where where) {
  require_defined("nll_loss", {&log_probs, &target});
  check_class_shapes("nll_loss", log_probs, target);
  const bool single = log_probs.dim() == 1;
  const Tensor rows = single ? unsqueeze(log_probs, 0, where) : log_probs;
  const std::int64_t counted = check_targets("nll_loss", rows, target, options.ignore_index);
  const Tensor losses = pick(rows, own_labels(target), options.ignore_index, where);
  if (single && options.reduction == Reduction::none) return squeeze(losses, 0, where);
  return reduce_examples(losses, options.reduction, counted, where);
}

Tensor cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyOptions& options,
                     Where where) {
  require_defined("cross_entropy", {&logits, &target});
  check_class_shapes("cross_entropy", logits, target);
  const bool single = logits.dim() == 1;
  const Tensor rows = single ? unsqueeze(logits, 0, where) : logits;
  const std::int64_t counted = check_targets("cross_entropy", rows, target, options.ignore_index);
  const Tensor labels = own_labels(target);
  const kernels::CrossEntropy forward = kernels::cross_entropy(rows, labels, options.ignore_index);
  const Tensor loss = record(
      kCrossEntropy, where, reduced_outside_graph(forward.losses, options.reduction, counted),
      wrt(rows, [x = saved(rows), p = saved(forward.probabilities), labels, counted,
                 options](const Tensor& g) {
        const Tensor weights = example_weights(g, options.reduction, counted);
        if (!is_grad_enabled()) {
          return kernels::cross_entropy_gradient(p.get(), labels, options.ignore_index, weights);
        }
        return differentiable_gradient(x.get(), labels, options.ignore_index, weights);
      }));
  return single && options.reduction == Reduction::none ? squeeze(loss, 0, where) : loss;
}

Tensor mse_loss(const Tensor& input, const Tensor& target, const MseLossOptions& options,
                Where where) {
  require_defined("mse_loss", {&input, &target});
  if (input.sizes() != target.sizes()) {
    throw ShapeError(str("mse_loss: input has shape ", input.sizes(), " and target ",
                         target.sizes(),
                         ": expected equal shapes; use view() or unsqueeze() on one of them"));
  }
  if (!is_floating_point(input.dtype()) || !is_floating_point(target.dtype())) {
    throw DTypeError(str("mse_loss: input is ", input.dtype(), " and target ", target.dtype(),
                         ": expected float32 or float64; convert with .to(kFloat32)"));
  }
  Tensor losses = square(sub(input, target, 1, where), where);
  if (options.reduction == Reduction::none) return losses;
  return options.reduction == Reduction::sum ? sum(losses, where) : mean(losses, where);
}

}  // namespace tarn
