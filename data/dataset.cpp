#include <tarn/autograd/grad_mode.h>
#include <tarn/data/dataset.h>
#include <tarn/data/fetch_scope.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

// get(), with random numbers that depend on the example's place alone.
Example fetch(const Dataset& dataset, std::int64_t index) {
  FetchScope* const scope = FetchScope::current();
  if (!scope) return dataset.get(index);
  Generator generator(scope->enter(index));
  const GeneratorGuard guard(generator);
  return dataset.get(index);
}

// One field of a batch in the making; it gets its shape and dtype from its first row.
class Rows {
 public:
  Rows(const char* field, std::span<const std::int64_t> indices)
      : field_(field), indices_(indices) {}

  void put(std::size_t i, const Tensor& row) {
    if (i == 0) {
      start(row);
    } else {
      check(i, row);
    }
    if (!rows_.defined()) return;
    const NoGradGuard no_grad;
    rows_.select(0, static_cast<std::int64_t>(i)).copy_(row);
  }

  Tensor take() { return std::move(rows_); }

 private:
  void start(const Tensor& row) {
    if (!row.defined()) return;
    Shape shape = row.sizes();
    shape.insert(0, static_cast<std::int64_t>(indices_.size()));
    rows_ = empty(shape, {.dtype = row.dtype()});
    row_shape_ = row.sizes();
  }

  void check(std::size_t i, const Tensor& row) const {
    const auto item = [&] { return str("batch item ", i, " (", field_, "[", indices_[i], "])"); };
    if (row.defined() != rows_.defined()) {
      throw ValueError(
          str(item(), row.defined() ? " is defined, item 0 is not" : " is undefined, item 0 is not",
              ": expected a ", field_, " for all examples or for none"));
    }
    if (!row.defined()) return;
    if (row.sizes() != row_shape_) {
      throw ShapeError(str(item(), " is ", row.sizes(), ", item 0 is ", row_shape_));
    }
    if (row.dtype() != rows_.dtype()) {
      throw DTypeError(str(item(), " is ", row.dtype(), ", item 0 is ", rows_.dtype()));
    }
  }

  const char* field_;
  std::span<const std::int64_t> indices_;
  Tensor rows_;
  Shape row_shape_;
};

}  // namespace

Dataset::~Dataset() = default;

Batch Dataset::get_batch(std::span<const std::int64_t> indices) const {
  if (indices.empty()) throw ValueError("get_batch: no indices: expected at least one");
  Rows data("data", indices);
  Rows target("target", indices);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const Example example = fetch(*this, indices[i]);
    if (!example.data.defined()) {
      throw ValueError(str("get(", indices[i], ") returned undefined data: expected a tensor"));
    }
    data.put(i, example.data);
    target.put(i, example.target);
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
