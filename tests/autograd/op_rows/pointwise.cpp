#include <tarn/autograd/ops.h>
#include <tarn/tensor/random.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {

std::vector<OpRow> pointwise_rows() {
  return {
      {.name = "exp", .function = [](In x, Args) { return exp(x[0]); }, .elementwise = true},
      {.name = "log", .function = [](In x, Args) { return log(x[0]); }, .elementwise = true},
      {.name = "sqrt", .function = [](In x, Args) { return sqrt(x[0]); }, .elementwise = true},
      {.name = "square", .function = [](In x, Args) { return square(x[0]); }, .elementwise = true},
      {.name = "abs", .function = [](In x, Args) { return abs(x[0]); }, .elementwise = true},
      {.name = "pow",
       .function = [](In x, Args a) { return pow(x[0], a.number("exponent")); },
       .elementwise = true},
      {.name = "relu", .function = [](In x, Args) { return relu(x[0]); }, .elementwise = true},
      {.name = "tanh",
       .function = [](In x, Args) { return tanh(x[0]); },
       .elementwise = true,
       .cancels = true},
      {.name = "sigmoid",
       .function = [](In x, Args) { return sigmoid(x[0]); },
       .elementwise = true,
       .cancels = true},
      {.name = "dropout",
       .function =
           [](In x, Args a) {
             Generator generator(1);  // every evaluation draws the same mask
             const GeneratorGuard guard(generator);
             return dropout(x[0], a.number("p").to<double>(), flag(a, "training"));
           },
       .elementwise = true},
      {.name = "pow.tensor",
       .function = [](In x, Args) { return pow(x[0], x[1]); },
       .elementwise = true},
      {.name = "pow.scalar_base",
       .function = [](In x, Args a) { return pow(a.number("base"), x[0]); },
       .elementwise = true},
      {.name = "sin",
       .function = [](In x, Args) { return sin(x[0]); },
       .elementwise = true,
       .cancels = true},
      {.name = "cos",
       .function = [](In x, Args) { return cos(x[0]); },
       .elementwise = true,
       .cancels = true},
      {.name = "sign", .function = [](In x, Args) { return sign(x[0]); }, .elementwise = true},
  };
}

}  // namespace tarn::testing
