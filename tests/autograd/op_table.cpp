#include "op_table.h"

namespace tarn::testing {

// One function for each file of op_rows/.
std::vector<OpRow> arithmetic_rows();
std::vector<OpRow> pointwise_rows();
std::vector<OpRow> reductions_rows();
std::vector<OpRow> matrix_rows();
std::vector<OpRow> losses_rows();
std::vector<OpRow> shapes_rows();
std::vector<OpRow> in_place_rows();
std::vector<OpRow> activations_rows();

const std::vector<OpRow>& op_table() {
  static const std::vector<OpRow> table = [] {
    std::vector<OpRow> rows;
    for (const auto family : {
             arithmetic_rows,
             pointwise_rows,
             reductions_rows,
             matrix_rows,
             losses_rows,
             shapes_rows,
             in_place_rows,
             activations_rows,
         }) {
      const std::vector<OpRow> part = family();
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return table;
}

}  // namespace tarn::testing
