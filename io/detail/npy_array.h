#pragma once

#include <string>

#include <tarn/io/detail/byte_reader.h>
#include <tarn/tensor/tensor.h>

namespace tarn::io::detail {

/// Reads all of `file` as the contents of a .npy file. Throws as io::read_npy.
Tensor read_npy_array(ByteReader& file);

/// What a .npy file has in front of the elements of x in row-major order.
std::string npy_start(const Tensor& x);

}  // namespace tarn::io::detail
