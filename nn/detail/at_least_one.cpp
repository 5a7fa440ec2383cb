#include <tarn/nn/detail/at_least_one.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {

std::int64_t at_least_one(const char* layer, const char* name, std::int64_t size) {
  if (size < 1) throw ValueError(str(layer, ": ", name, " = ", size, ": expected at least 1"));
  return size;
}

}  // namespace tarn::nn
