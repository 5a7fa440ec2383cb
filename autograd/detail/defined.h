#pragma once

#include <cstddef>
#include <initializer_list>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// Throws the ValueError of require_defined.
[[noreturn]] void throw_undefined(const char* op, std::size_t argument);

/// Throws ValueError, naming the op and the place of the argument, when one of the tensors is
/// undefined.
inline void require_defined(const char* op, std::initializer_list<const Tensor*> arguments) {
  for (const Tensor* const& argument : arguments) {
    if (!argument->defined())
      throw_undefined(op, static_cast<std::size_t>(&argument - arguments.begin()));
  }
}

}  // namespace tarn
