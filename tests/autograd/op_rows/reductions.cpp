#include <tarn/autograd/ops.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {

std::vector<OpRow> reductions_rows() {
  return {
      {.name = "sum", .function = [](In x, Args) { return sum(x[0]); }, .cancels = true},
      {.name = "sum.dims",
       .function = [](In x, Args a) { return sum(x[0], a.integers("dims"), flag(a, "keepdim")); },
       .cancels = true},
      {.name = "mean", .function = [](In x, Args) { return mean(x[0]); }, .cancels = true},
      {.name = "mean.dims",
       .function = [](In x, Args a) { return mean(x[0], a.integers("dims"), flag(a, "keepdim")); },
       .cancels = true},
      {.name = "sum_to",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return sum_to(x[0], a.integers("shape")); },
       .cancels = true},
      {.name = "argmax",
       .kind = OpKind::not_differentiable,
       .function = [](In x, Args a) { return argmax(x[0], a.integer("dim"), flag(a, "keepdim")); }},
  };
}

}  // namespace tarn::testing
