#include <algorithm>

#include <tarn/autograd/grad_mode.h>
#include <tarn/data/concat_dataset.h>
#include <tarn/data/detail/row_stack.h>
#include <tarn/data/fetch_scope.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::data {

ConcatDataset::ConcatDataset(std::vector<DatasetRef> datasets) : datasets_(std::move(datasets)) {
  if (datasets_.empty()) throw ValueError("ConcatDataset: no data sets: expected at least one");
  std::int64_t end = 0;
  for (const DatasetRef& dataset : datasets_) {
    if (__builtin_add_overflow(end, dataset->size(), &end))
      throw ValueError("ConcatDataset: the sizes of the data sets overflow 64 bits");
    ends_.push_back(end);
  }
}

ConcatDataset::Place ConcatDataset::place(std::int64_t index) const {
  check_index("ConcatDataset", index, size());
  const auto end = std::upper_bound(ends_.begin(), ends_.end(), index);
  const auto part = static_cast<std::size_t>(end - ends_.begin());
  return {part, part == 0 ? index : index - ends_[part - 1]};
}

Example ConcatDataset::get(std::int64_t index) const {
  const Place at = place(index);
  return datasets_[at.part]->get(at.index);
}

bool ConcatDataset::in_memory() const {
  return std::all_of(datasets_.begin(), datasets_.end(),
                     [](const DatasetRef& dataset) { return dataset->in_memory(); });
}

// Each data set gathers its rows at once; they are then put into the order asked for.
Batch ConcatDataset::get_batch(std::span<const std::int64_t> indices) const {
  if (indices.empty() || !in_memory()) return Dataset::get_batch(indices);
  struct Part {
    std::vector<std::int64_t> inner;
    std::vector<std::int64_t> rows;  // as the reader counts them
    Batch batch;
    std::int64_t used = 0;
  };
  FetchScope* const scope = FetchScope::current();
  const auto rows = scope ? scope->rows(indices) : indices;
  std::vector<Part> parts(datasets_.size());
  std::vector<std::size_t> part_of;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const Place at = place(indices[i]);
    parts[at.part].inner.push_back(at.index);
    parts[at.part].rows.push_back(rows[i]);
    part_of.push_back(at.part);
  }
  for (std::size_t p = 0; p < parts.size(); ++p) {
    if (parts[p].inner.empty()) continue;
    const FetchScope::Part narrowed(scope, parts[p].rows);
    parts[p].batch = datasets_[p]->get_batch(parts[p].inner);
  }
  detail::RowStack data("data", indices.size(), indices);
  detail::RowStack target("target", indices.size(), indices);
  for (const std::size_t p : part_of) {
    Part& part = parts[p];
    const auto row = [&](const Tensor& x) { return x.defined() ? x.select(0, part.used) : x; };
    data.push(row(part.batch.data));
    target.push(row(part.batch.target));
    ++part.used;
  }
  return {data.take(), target.take()};
}

}  // namespace tarn::data
