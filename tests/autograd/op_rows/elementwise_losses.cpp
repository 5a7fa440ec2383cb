#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {
namespace {

Tensor weights(const Tensor& x, Args a, const char* name) {
  return x.defined() && flag(a, name) ? arange(x.size(-1), {.dtype = x.dtype()}) * 0.25 + 0.5
                                      : Tensor();
}

}  // namespace

std::vector<OpRow> elementwise_losses_rows() {
  std::vector<OpRow> rows = {
      {.name = "mse_loss",
       .function = [](In x, Args a) { return mse_loss(x[0], x[1], {.reduction = reduction(a)}); }},
      {.name = "l1_loss",
       .function = [](In x, Args a) { return l1_loss(x[0], x[1], {.reduction = reduction(a)}); }},
      {.name = "smooth_l1_loss",
       .function =
           [](In x, Args a) {
             return smooth_l1_loss(x[0], x[1],
                                   {.beta = number_or(a, "beta", 1), .reduction = reduction(a)});
           }},
      {.name = "huber_loss",
       .function =
           [](In x, Args a) {
             return huber_loss(x[0], x[1],
                               {.delta = number_or(a, "delta", 1), .reduction = reduction(a)});
           }},
      {.name = "binary_cross_entropy",
       .function =
           [](In x, Args a) {
             return binary_cross_entropy(
                 x[0], x[1], {.weight = weights(x[0], a, "weighted"), .reduction = reduction(a)});
           }},
      {.name = "binary_cross_entropy_with_logits",
       .function =
           [](In x, Args a) {
             return binary_cross_entropy_with_logits(x[0], x[1],
                                                     {.weight = weights(x[0], a, "weighted"),
                                                      .pos_weight = weights(x[0], a, "positive"),
                                                      .reduction = reduction(a)});
           }},
      {.name = "kl_div",
       .function =
           [](In x, Args a) {
             return kl_div(x[0], x[1],
                           {.reduction = reduction(a), .log_target = flag(a, "log_target")});
           }},
  };
  for (OpRow& row : rows) {
    if (row.name != "binary_cross_entropy") row.kind = OpKind::composite;
    row.cancels = true;
    row.no_broadcast = "refuses operands of different shapes";
  }
  return rows;
}

}  // namespace tarn::testing
