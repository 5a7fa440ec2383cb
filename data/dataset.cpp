#include <optional>
#include <utility>

#include <tarn/data/dataset.h>
#include <tarn/data/detail/row_stack.h>
#include <tarn/data/fetch_scope.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

// get(), with random numbers that depend on the example's place alone.
Example fetch(const Dataset& dataset, FetchScope* scope, std::int64_t row, std::int64_t index) {
  Generator generator(scope ? scope->enter(row) : 0);
  std::optional<GeneratorGuard> guard;
  if (scope) guard.emplace(generator);
  Example example = dataset.get(index);
  if (!example.data.defined()) {
    throw ValueError(str("get(", index, ") returned undefined data: expected a tensor"));
  }
  return example;
}

template <class F>
void for_examples(const Dataset& dataset, std::span<const std::int64_t> indices, F&& f) {
  FetchScope* const scope = FetchScope::current();
  const auto rows = scope ? scope->rows(indices) : indices;
  for (std::size_t i = 0; i < indices.size(); ++i) f(fetch(dataset, scope, rows[i], indices[i]));
}

}  // namespace

Dataset::~Dataset() = default;

Batch Dataset::get_batch(std::span<const std::int64_t> indices) const {
  if (indices.empty()) throw ValueError("get_batch: no indices: expected at least one");
  detail::RowStack data("data", indices.size(), indices);
  detail::RowStack target("target", indices.size(), indices);
  for_examples(*this, indices, [&](const Example& example) {
    data.push(example.data);
    target.push(example.target);
  });
  return {data.take(), target.take()};
}

std::vector<Example> get_examples(const Dataset& dataset, std::span<const std::int64_t> indices) {
  std::vector<Example> examples;
  examples.reserve(indices.size());
  for_examples(dataset, indices,
               [&](Example&& example) { examples.push_back(std::move(example)); });
  return examples;
}

Batch default_collate(const std::vector<Example>& examples) {
  if (examples.empty()) throw ValueError("default_collate: no examples: expected at least one");
  detail::RowStack data("data", examples.size());
  detail::RowStack target("target", examples.size());
  for (const Example& example : examples) {
    data.push(example.data);
    target.push(example.target);
  }
  return {data.take(), target.take()};
}

void check_index(const char* name, std::int64_t index, std::int64_t size) {
  if (index >= 0 && index < size) return;
  throw IndexError(size == 0
                       ? str(name, ": index ", index, " is out of range: it has no examples")
                       : str(name, ": index ", index, " is out of range: expected 0..", size - 1));
}

}  // namespace tarn::data
