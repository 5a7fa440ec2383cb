#include <tarn/autograd/ops.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {

std::vector<OpRow> losses_rows() {
  return {
      {.name = "softmax",
       .function = [](In x, Args a) { return softmax(x[0], a.integer("dim")); },
       .cancels = true},
      {.name = "log_softmax",
       .function = [](In x, Args a) { return log_softmax(x[0], a.integer("dim")); },
       .cancels = true},
      {.name = "nll_loss",
       .function =
           [](In x, Args a) {
             return nll_loss(
                 x[0], x[1],
                 {.ignore_index = integer_or(a, "ignore_index", -100), .reduction = reduction(a)});
           },
       .zero_dim = false,
       .cancels = true},
      {.name = "cross_entropy",
       .function =
           [](In x, Args a) {
             return cross_entropy(
                 x[0], x[1],
                 {.ignore_index = integer_or(a, "ignore_index", -100), .reduction = reduction(a)});
           },
       .zero_dim = false,
       .cancels = true},
      {.name = "mse_loss",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return mse_loss(x[0], x[1], {.reduction = reduction(a)}); },
       .cancels = true},
  };
}

}  // namespace tarn::testing
