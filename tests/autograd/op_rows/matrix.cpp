#include <tarn/autograd/ops.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {

std::vector<OpRow> matrix_rows() {
  return {
      {.name = "matmul",
       .function = [](In x, Args) { return matmul(x[0], x[1]); },
       .no_zero_dim = "takes vectors and matrices",
       .cancels = true},
      {.name = "linear",
       .function = [](In x, Args) { return linear(x[0], x[1], x.size() == 3 ? x[2] : Tensor()); },
       .no_zero_dim = "takes vectors and matrices",
       .cancels = true},
  };
}

}  // namespace tarn::testing
