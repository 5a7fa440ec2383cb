#include <tarn/autograd/ops.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {

std::vector<OpRow> arithmetic_rows() {
  return {
      {.name = "add",
       .function = [](In x, Args a) { return add(x[0], x[1], alpha(a)); },
       .elementwise = true,
       .refused = {"bool"}},
      {.name = "add.scalar",
       .function = [](In x, Args a) { return x[0] + a.number("value"); },
       .elementwise = true},
      {.name = "add.scalar_left",
       .function = [](In x, Args a) { return a.number("value") + x[0]; },
       .elementwise = true},
      {.name = "sub",
       .function = [](In x, Args a) { return sub(x[0], x[1], alpha(a)); },
       .elementwise = true},
      {.name = "sub.scalar",
       .function = [](In x, Args a) { return x[0] - a.number("value"); },
       .elementwise = true,
       .accepted = {"bool"}},
      {.name = "sub.scalar_left",
       .function = [](In x, Args a) { return a.number("value") - x[0]; },
       .elementwise = true,
       .accepted = {"bool"}},
      {.name = "mul",
       .function = [](In x, Args) { return x[0] * x[1]; },
       .elementwise = true,
       .refused = {"bool"}},
      {.name = "mul.scalar",
       .function = [](In x, Args a) { return x[0] * a.number("value"); },
       .elementwise = true},
      {.name = "mul.scalar_left",
       .function = [](In x, Args a) { return a.number("value") * x[0]; },
       .elementwise = true},
      {.name = "div", .function = [](In x, Args) { return x[0] / x[1]; }, .elementwise = true},
      {.name = "div.scalar",
       .function = [](In x, Args a) { return x[0] / a.number("value"); },
       .elementwise = true},
      {.name = "div.scalar_left",
       .function = [](In x, Args a) { return a.number("value") / x[0]; },
       .elementwise = true},
      {.name = "neg", .function = [](In x, Args) { return -x[0]; }, .elementwise = true},
  };
}

}  // namespace tarn::testing
