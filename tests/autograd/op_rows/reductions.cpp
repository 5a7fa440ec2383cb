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
      {.name = "var",
       .kind = OpKind::composite,
       .function = [](In x,
                      Args a) { return var(x[0], dims(a), correction(a), flag(a, "keepdim")); },
       .cancels = true},
      {.name = "std",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) { return tarn::std(x[0], dims(a), correction(a), flag(a, "keepdim")); },
       .cancels = true},
      {.name = "norm",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) {
             return norm(x[0], a.number("p").to<double>(), dims(a), flag(a, "keepdim"));
           },
       .cancels = true},
      {.name = "prod",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return prod(x[0]); }},
      {.name = "prod.dim",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return prod(x[0], a.integer("dim"), flag(a, "keepdim")); }},
      {.name = "cumsum",
       .function = [](In x, Args a) { return cumsum(x[0], a.integer("dim")); },
       .cancels = true},
  };
}

}  // namespace tarn::testing
