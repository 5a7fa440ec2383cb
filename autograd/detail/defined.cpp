#include <tarn/autograd/detail/defined.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn {

void throw_undefined(const char* op, std::size_t argument) {
  throw ValueError(
      str(op, ": tensor argument ", argument + 1,
          " is undefined (default-constructed, moved from, or a grad before backward())"));
}

}  // namespace tarn
