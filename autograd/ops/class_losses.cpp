#include <cmath>
#include <limits>

#include <tarn/autograd/detail/checks.h>
#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/indexing.h>
#include <tarn/autograd/ops/losses.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/softmax.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/softmax.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/str.h>

// The losses of classes work on rows [M, C]: one for each example and each place in it.
namespace tarn {
namespace {

const Op kCrossEntropy{"cross_entropy"};

// Labels that were checked, and what they count.
struct Labels {
  Tensor index;  // int64 [M]: a copy, so that later changes by the caller cannot reach the gradient
  Tensor weights;    // [M], 0 where ignored; undefined without class weights
  double total = 0;  // of the weights
};

void check_input(const char* op, const Tensor& scores, const Tensor& weight, Reduction reduction) {
  if (!is_floating_point(scores.dtype())) {
    throw DTypeError(str(op, ": the input is ", scores.dtype(), ": expected float32 or float64"));
  }
  if (reduction == Reduction::batchmean) {
    throw ValueError(str(op, ": reduction = batchmean is for kl_div: expected mean, sum or none"));
  }
  if (!weight.defined()) return;
  const std::int64_t classes = scores.dim() == 0 ? 0 : scores.sizes()[scores.dim() == 1 ? 0 : 1];
  if (weight.sizes() != Shape{classes}) {
    throw ShapeError(str(op, ": weight has shape ", weight.sizes(), ": expected [", classes,
                         "], one for each class"));
  }
  if (weight.dtype() != scores.dtype()) {
    throw DTypeError(str(op, ": weight is ", weight.dtype(), " and the input ", scores.dtype(),
                         ": expected the same; convert one with .to()"));
  }
}

// Throws unless target's sizes are those of the scores without the classes.
void check_target(const char* op, const Tensor& scores, const Tensor& target) {
  Shape expected = scores.sizes();
  if (scores.dim() > 0) expected.erase(scores.dim() == 1 ? 0 : 1);
  if (scores.dim() == 0 || target.sizes() != expected) {
    throw ShapeError(str(op, ": input has shape ", scores.sizes(), " and target ", target.sizes(),
                         ": expected [N, C] and [N], [C] and [], or [N, C, d1, ...] and "
                         "[N, d1, ...]"));
  }
  if (target.dtype() != kInt64) {
    throw DTypeError(str(op, ": target is ", target.dtype(),
                         ": expected int64 class indices; convert with .to(kInt64)"));
  }
}

Labels check_labels(const char* op, const Tensor& target, std::int64_t classes,
                    std::int64_t ignore_index, const Tensor& weight) {
  Labels result{empty({target.numel()}, {.dtype = kInt64}), {}, 0};
  const NoGradGuard no_grad;
  kernels::copy_into(result.index, target.detach().reshape({target.numel()}));
  const auto* const label = result.index.data_ptr<std::int64_t>();
  std::int64_t counted = 0;
  for (std::int64_t i = 0; i < target.numel(); ++i) {
    if (label[i] == ignore_index) continue;
    if (label[i] < 0 || label[i] >= classes) {
      throw ValueError(str(op, ": ", element_name("target", target.sizes(), i), " = ", label[i],
                           " is out of range for ", classes, " classes (expected ",
                           classes == 0 ? str("") : str("0..", classes - 1, ", or "),
                           "ignore_index = ", ignore_index, ")"));
    }
    ++counted;
  }
  result.total = static_cast<double>(counted);
  if (!weight.defined()) return result;
  result.weights = zeros({target.numel()}, {.dtype = weight.dtype()});
  result.total = 0;
  kernels::visit_floating(op, weight.dtype(), [&]<class T>() {
    for (std::int64_t i = 0; i < target.numel(); ++i) {
      if (label[i] == ignore_index) continue;
      const T w = weight.data_ptr<T>()[label[i] * weight.strides()[0]];
      result.weights.data_ptr<T>()[i] = w;
      result.total += static_cast<double>(w);
    }
  });
  return result;
}

// [C] as [1, C], [N, C, d1, ...] as [N * d1 * ..., C].
Tensor as_rows(const Tensor& x, const Where& where) {
  if (x.dim() == 2) return x;
  if (x.dim() == 1) return unsqueeze(x, 0, where);
  Shape order;
  for (int d = 0; d < x.dim(); ++d) {
    if (d != 1) order.insert(order.size(), d);
  }
  order.insert(order.size(), 1);
  const std::int64_t classes = x.sizes()[1];
  std::int64_t rows = 1;
  for (int d = 0; d < x.dim(); ++d) rows *= d == 1 ? 1 : x.sizes()[d];
  return reshape(permute(x, order, where), {rows, classes}, where);
}

// The losses of the rows, in the shape of the examples or brought down; a mean divides by `total`.
Tensor reduce_rows(const Tensor& losses, Reduction reduction, double total, const Shape& shape,
                   const Where& where) {
  if (reduction == Reduction::none)
    return losses.sizes() == shape ? losses : reshape(losses, shape, where);
  Tensor reduced = sum(losses, where);
  if (reduction == Reduction::sum) return reduced;
  return div(reduced, scalar_tensor(total, {.dtype = losses.dtype()}), where);
}

// -log_probs[i, target[i]] as [N], 0 where ignored.
Tensor pick(const Tensor& log_probs, const Tensor& target, std::int64_t ignore_index,
            const Where& where) {
  if (log_probs.sizes()[1] == 0) return neg(sum(log_probs, {1}, false, where), where);
  const Tensor ignored = eq(target, ignore_index);
  const Tensor index = unsqueeze(masked_fill(target, ignored, 0), 1);
  const Tensor picked = squeeze(gather(log_probs, 1, index, where), 1, where);
  return masked_fill(neg(picked, where), ignored, 0, where);
}

// How the gradient of the reduced loss reaches each example.
Tensor example_weights(const Tensor& g, Reduction reduction, double total) {
  if (reduction != Reduction::mean) return g;
  return div(g, scalar_tensor(total, {.dtype = g.dtype()}));
}

// weights * (softmax(x) - one_hot(labels)) as a function of x, for second derivatives.
Tensor differentiable_gradient(const Tensor& x, const Tensor& labels, std::int64_t ignore_index,
                               const Tensor& weights) {
  const Tensor label = unsqueeze(labels, 1);
  const Tensor counted = ne(label, ignore_index);
  const Tensor one_hot = logical_and(eq(label, arange(x.sizes()[1])), counted);
  const Tensor difference = sub(mul(softmax(x, 1), counted), one_hot.to(x.dtype()));
  return mul(difference, weights.dim() == 0 ? weights : unsqueeze(weights, 1));
}

// Without class weights or smoothing: one pass over the logits [M, C].
Tensor plain_cross_entropy(const Tensor& rows, const Labels& labels, const Shape& shape,
                           const CrossEntropyOptions& options, const Where& where) {
  const std::int64_t ignored = options.ignore_index;
  const Reduction reduction = options.reduction;
  const kernels::CrossEntropy forward = kernels::cross_entropy(rows, labels.index, ignored);
  const Tensor value = [&] {
    const NoGradGuard no_grad;
    return reduce_rows(forward.losses, reduction, labels.total, forward.losses.sizes(), where);
  }();
  const Tensor loss =
      record(kCrossEntropy, where, value,
             wrt(rows, [x = saved(rows), p = saved(forward.probabilities), labels = labels.index,
                        total = labels.total, ignored, reduction](const Tensor& g) {
               const Tensor weights = example_weights(g, reduction, total);
               if (!is_grad_enabled()) {
                 return kernels::cross_entropy_gradient(p.get(), labels, ignored, weights);
               }
               return differentiable_gradient(x.get(), labels, ignored, weights);
             }));
  return reduction == Reduction::none && shape != loss.sizes() ? reshape(loss, shape, where) : loss;
}

// -sum_c weight[c] q[c] log_probs[., c] as [M]; q = 1 when undefined.
Tensor expected_loss(const Tensor& log_probs, const Tensor& q, const Tensor& weight,
                     const Where& where) {
  Tensor terms = q.defined() ? mul(log_probs, q, where) : log_probs;
  if (weight.defined()) terms = mul(terms, weight, where);
  return neg(sum(terms, {1}, /*keepdim=*/false, where), where);
}

}  // namespace

Tensor nll_loss(const Tensor& log_probs, const Tensor& target, const NllLossOptions& options,
                Where where) {
  require_defined("nll_loss", {&log_probs, &target});
  check_input("nll_loss", log_probs, options.weight, options.reduction);
  check_target("nll_loss", log_probs, target);
  const Tensor rows = as_rows(log_probs, where);
  const Labels labels =
      check_labels("nll_loss", target, rows.sizes()[1], options.ignore_index, options.weight);
  Tensor losses = pick(rows, labels.index, options.ignore_index, where);
  if (labels.weights.defined()) losses = mul(losses, labels.weights, where);
  return reduce_rows(losses, options.reduction, labels.total, target.sizes(), where);
}

Tensor cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyOptions& options,
                     Where where) {
  require_defined("cross_entropy", {&logits, &target});
  const Tensor& weight = options.weight;
  const double smoothing = options.label_smoothing;
  check_input("cross_entropy", logits, weight, options.reduction);
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw ValueError(
        str("cross_entropy: label_smoothing = ", smoothing, ": expected a number from 0 to 1"));
  }
  const bool probabilities =
      logits.dim() > 0 && target.sizes() == logits.sizes() && target.dtype() == logits.dtype();
  if (!probabilities) check_target("cross_entropy", logits, target);
  const Tensor rows = as_rows(logits, where);
  const auto classes = static_cast<double>(rows.sizes()[1]);
  if (probabilities) {
    Tensor q = as_rows(target, where);
    if (smoothing > 0) q = add(mul(q, 1 - smoothing, where), smoothing / classes, where);
    Shape shape = logits.sizes();
    shape.erase(logits.dim() == 1 ? 0 : 1);
    return reduce_rows(expected_loss(log_softmax(rows, 1, where), q, weight, where),
                       options.reduction, static_cast<double>(rows.sizes()[0]), shape, where);
  }
  const Labels labels =
      check_labels("cross_entropy", target, rows.sizes()[1], options.ignore_index, weight);
  if (!weight.defined() && smoothing == 0)
    return plain_cross_entropy(rows, labels, target.sizes(), options, where);
  const Tensor log_probs = log_softmax(rows, 1, where);
  Tensor losses = pick(log_probs, labels.index, options.ignore_index, where);
  if (weight.defined()) losses = mul(losses, labels.weights, where);
  if (smoothing > 0) {
    const Tensor smooth = masked_fill(expected_loss(log_probs, {}, weight, where),
                                      eq(labels.index, options.ignore_index), 0, where);
    losses = add(mul(losses, 1 - smoothing, where), smooth, smoothing / classes, where);
  }
  return reduce_rows(losses, options.reduction, labels.total, target.sizes(), where);
}

}  // namespace tarn
