#include <tarn/tensor/dtype.h>

namespace tarn {

const char* name(DType dtype) {
  constexpr const char* names[] = {"float32", "float64", "int64", "int32", "uint8", "bool"};
  return names[static_cast<int>(dtype)];
}

std::size_t element_size(DType dtype) {
  constexpr std::size_t sizes[] = {4, 8, 8, 4, 1, 1};
  return sizes[static_cast<int>(dtype)];
}

}  // namespace tarn
