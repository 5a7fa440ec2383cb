#pragma once

#include <cstdint>
#include <string>

#include <tarn/io/detail/byte_reader.h>
#include <tarn/io/detail/element_type.h>
#include <tarn/tensor/shape.h>

namespace tarn::io::detail {

/// What a .npy file says about its array.
struct NpyHeader {
  std::string type{};  ///< without the byte order: "f4"
  bool big_endian = false;
  bool fortran_order = false;
  Shape shape{};
  ElementType element = ElementType::f32;
  std::uint64_t bytes = 0;          ///< before the elements
  std::uint64_t payload_bytes = 0;  ///< of the elements
};

/// Reads the magic number, the version and the dictionary in front of the elements (NumPy
/// Enhancement Proposal 1). Throws FormatError.
NpyHeader read_npy_header(ByteReader& file);

}  // namespace tarn::io::detail
