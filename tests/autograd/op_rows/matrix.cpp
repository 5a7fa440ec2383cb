#include <tarn/autograd/ops.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {

std::vector<OpRow> matrix_rows() {
  return {
      {.name = "matmul",
       .function = [](In x, Args) { return matmul(x[0], x[1]); },
       .zero_dim = false,
       .cancels = true},
      {.name = "linear",
       .function = [](In x, Args) { return linear(x[0], x[1], x.size() == 3 ? x[2] : Tensor()); },
       .zero_dim = false,
       .cancels = true},
  };
}

}  // namespace tarn::testing
