#include <tarn/autograd/detail/element_name.h>
#include <tarn/tensor/str.h>

namespace tarn {

std::string element_name(const char* tensor, const Shape& sizes, std::int64_t i) {
  Shape index = sizes;
  for (int d = sizes.size(); d-- > 0; i /= sizes[d]) index[d] = i % sizes[d];
  return sizes.empty() ? tensor : str(tensor, index);
}

}  // namespace tarn
