#include <algorithm>
#include <array>
#include <unordered_set>

#include <tarn/nn/summary.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

using Row = std::array<std::string, 3>;

// 1234567 as "1,234,567".
std::string grouped(std::int64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t end = text.size(); end > 3;) text.insert(end -= 3, ",");
  return text;
}

struct Counts {
  std::int64_t total = 0;
  std::int64_t trainable = 0;
  std::unordered_set<const TensorImpl*> seen;
};

// Counts the parameters of `module` that were not counted before.
std::int64_t count_own(const Module& module, Counts& counts) {
  std::int64_t own = 0;
  for (const auto& [name, tensor] : module.named_parameters()) {
    if (name.find('.') != std::string::npos || !counts.seen.insert(&tensor.impl()).second) continue;
    own += tensor.numel();
    if (tensor.requires_grad()) counts.trainable += tensor.numel();
  }
  counts.total += own;
  return own;
}

void add_rows(const Module& module, const std::string& name, Counts& counts,
              std::vector<Row>& rows) {
  const std::int64_t own = count_own(module, counts);
  rows.push_back({name.empty() ? "(model)" : name, module.type_name(), grouped(own)});
  for (const auto& [child_name, child] : module.named_children()) {
    add_rows(*child, name.empty() ? child_name : str(name, ".", child_name), counts, rows);
  }
}

}  // namespace

std::string summary(const Module& model) {
  Counts counts;
  std::vector<Row> rows{{"module", "type", "parameters"}};
  add_rows(model, "", counts, rows);
  rows.push_back({"total", "", grouped(counts.total)});
  rows.push_back({"trainable", "", grouped(counts.trainable)});

  std::array<std::size_t, 3> width{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < 2; ++i)
      text += row[i] + std::string(width[i] - row[i].size() + 2, ' ');
    text += std::string(width[2] - row[2].size(), ' ') + row[2] + "\n";
  }
  return text;
}

}  // namespace tarn::nn
