#include <tarn/autograd/ops.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {

std::vector<OpRow> activations_rows() {
  return {
      {.name = "erf", .function = [](In x, Args) { return erf(x[0]); }, .elementwise = true},
      {.name = "expm1",
       .function = [](In x, Args) { return expm1(x[0]); },
       .elementwise = true,
       .cancels = true},
      {.name = "log1p", .function = [](In x, Args) { return log1p(x[0]); }, .elementwise = true},
      {.name = "leaky_relu",
       .function = [](In x,
                      Args a) { return leaky_relu(x[0], number_or(a, "negative_slope", 0.01)); },
       .elementwise = true},
      {.name = "elu",
       .function = [](In x, Args a) { return elu(x[0], number_or(a, "alpha", 1)); },
       .elementwise = true,
       .cancels = true},
      {.name = "silu",
       .function = [](In x, Args) { return silu(x[0]); },
       .elementwise = true,
       .cancels = true},
      {.name = "gelu",
       .function = [](In x, Args) { return gelu(x[0]); },
       .elementwise = true,
       .cancels = true},
      {.name = "gelu.tanh",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return gelu(x[0], Gelu::tanh); },
       .elementwise = true,
       .cancels = true},
      {.name = "softplus",
       .function =
           [](In x, Args a) {
             return softplus(x[0], number_or(a, "beta", 1), number_or(a, "threshold", 20));
           },
       .elementwise = true,
       .cancels = true},
  };
}

}  // namespace tarn::testing
