#include "op_table.h"

namespace tarn::testing {

// One function for each file of op_rows/.
std::vector<OpRow> activations_rows();
std::vector<OpRow> arithmetic_rows();
std::vector<OpRow> comparison_rows();
std::vector<OpRow> elementwise_losses_rows();
std::vector<OpRow> images_rows();
std::vector<OpRow> in_place_rows();
std::vector<OpRow> indexing_rows();
std::vector<OpRow> joining_rows();
std::vector<OpRow> losses_rows();
std::vector<OpRow> matrix_rows();
std::vector<OpRow> ordering_rows();
std::vector<OpRow> pointwise_rows();
std::vector<OpRow> reductions_rows();
std::vector<OpRow> sequence_rows();
std::vector<OpRow> shapes_rows();

const std::vector<OpRow>& op_table() {
  static const std::vector<OpRow> table = [] {
    std::vector<OpRow> rows;
    for (const auto family : {
             activations_rows,
             arithmetic_rows,
             comparison_rows,
             elementwise_losses_rows,
             images_rows,
             in_place_rows,
             indexing_rows,
             joining_rows,
             losses_rows,
             matrix_rows,
             ordering_rows,
             pointwise_rows,
             reductions_rows,
             sequence_rows,
             shapes_rows,
         }) {
      const std::vector<OpRow> part = family();
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return table;
}

}  // namespace tarn::testing
