#include <string_view>

#include <tarn/autograd/grad_mode.h>
#include <tarn/data/detail/row_stack.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::data::detail {

void RowStack::push(const Tensor& row) {
  if (pushed_ == 0) {
    start(row);
  } else {
    check(row);
  }
  if (rows_.defined()) {
    const NoGradGuard no_grad;
    rows_.select(0, static_cast<std::int64_t>(pushed_)).copy_(row);
  }
  ++pushed_;
}

void RowStack::start(const Tensor& row) {
  if (!row.defined()) {
    if (std::string_view(field_) == "target") return;
    throw ValueError(str(item(), " is undefined: expected a tensor"));
  }
  Shape shape = row.sizes();
  shape.insert(0, static_cast<std::int64_t>(count_));
  rows_ = empty(shape, {.dtype = row.dtype()});
  row_shape_ = row.sizes();
}

void RowStack::check(const Tensor& row) const {
  if (row.defined() != rows_.defined()) {
    throw ValueError(
        str(item(), row.defined() ? " is defined, item 0 is not" : " is undefined, item 0 is not",
            ": expected a ", field_, " for all examples or for none"));
  }
  if (!row.defined()) return;
  if (row.sizes() != row_shape_) {
    throw ShapeError(str(item(), " is ", row.sizes(), ", item 0 is ", row_shape_,
                         ": expected the same; crop or pad them, or give the loader a collate"));
  }
  if (row.dtype() != rows_.dtype()) {
    throw DTypeError(str(item(), " is ", row.dtype(), ", item 0 is ", rows_.dtype(),
                         ": expected the same; convert with .to()"));
  }
}

// "batch item 3 (data[912])"
std::string RowStack::item() const {
  return indices_.empty() ? str("batch item ", pushed_, " (", field_, ")")
                          : str("batch item ", pushed_, " (", field_, "[", indices_[pushed_], "])");
}

}  // namespace tarn::data::detail
