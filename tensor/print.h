#pragma once

#include <iosfwd>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// Writes `to_string(tensor)`: `std::cout << x`.
std::ostream& operator<<(std::ostream& stream, const Tensor& tensor);
/// Writes "[64, 783]": `std::cout << x.sizes()`.
std::ostream& operator<<(std::ostream& stream, const Shape& shape);

}  // namespace tarn
