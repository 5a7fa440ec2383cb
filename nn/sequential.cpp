#include <tarn/nn/sequential.h>

namespace tarn::nn {

Module& Sequential::operator[](std::int64_t index) const {
  const std::int64_t position = index < 0 ? index + size() : index;
  if (position < 0 || position >= size()) {
    throw IndexError(str("Sequential: index ", index, " is out of range for ", size(), " modules"));
  }
  return *named_children()[static_cast<std::size_t>(position)].second;
}

Tensor Sequential::forward(const Tensor& x) {
  const Where where = call_site();
  Tensor y = x;
  for (const auto& [name, module] : named_children()) y = (*module)(y, where);
  return y;
}

}  // namespace tarn::nn
