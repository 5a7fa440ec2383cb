#include <algorithm>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {

namespace {

Tensor class_weights(const Tensor& x, Args a) {
  if (!x.defined() || !flag(a, "weighted")) return {};
  return arange(x.size(std::min(x.dim() - 1, 1)), {.dtype = x.dtype()}) * 0.25 + 0.5;
}

Tensor nll_loss_of(In x, Args a) {
  return nll_loss(x[0], x[1],
                  {.weight = class_weights(x[0], a),
                   .ignore_index = integer_or(a, "ignore_index", -100),
                   .reduction = reduction(a)});
}

Tensor cross_entropy_of(In x, Args a) {
  return cross_entropy(x[0], x[1],
                       {.weight = class_weights(x[0], a),
                        .ignore_index = integer_or(a, "ignore_index", -100),
                        .reduction = reduction(a),
                        .label_smoothing = number_or(a, "label_smoothing", 0)});
}

}  // namespace

std::vector<OpRow> losses_rows() {
  return {
      {.name = "softmax",
       .function = [](In x, Args a) { return softmax(x[0], a.integer("dim")); },
       .cancels = true},
      {.name = "log_softmax",
       .function = [](In x, Args a) { return log_softmax(x[0], a.integer("dim")); },
       .cancels = true},
      {.name = "nll_loss",
       .kind = OpKind::composite,
       .function = nll_loss_of,
       .no_zero_dim = "takes a row of classes",
       .cancels = true},
      {.name = "cross_entropy",
       .function = cross_entropy_of,
       .no_zero_dim = "takes a row of classes",
       .cancels = true},
      {.name = "cross_entropy.weighted",
       .kind = OpKind::composite,
       .function = cross_entropy_of,
       .no_zero_dim = "takes a row of classes",
       .cancels = true},
      {.name = "cross_entropy.probabilities",
       .kind = OpKind::composite,
       .function = cross_entropy_of,
       .no_zero_dim = "takes a row of classes",
       .cancels = true,
       .no_broadcast = "refuses targets of another shape"},
  };
}

}  // namespace tarn::testing
