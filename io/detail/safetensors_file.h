#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tarn/io/detail/safetensors_header.h>
#include <tarn/io/safetensors.h>

namespace tarn::io::detail {

/// A whole file, and the CRC-32 of each of its pieces: of the header with its length, and then of
/// each tensor in the order of `entries`.
struct CheckedTensors {
  SafeTensors content{};
  std::vector<std::string> names{};  ///< of the tensors in the order of their bytes
  std::vector<std::uint32_t> checksums{};
};

/// Reads all of a file. Throws IoError, FormatError, OutOfMemory.
CheckedTensors read_checked(const FileName& file);

/// The metadata alone. Throws as read_checked().
std::map<std::string, std::string> read_safetensors_metadata(const FileName& file);

/// Writes what lay_out_safetensors() laid out. Throws IoError.
void write_laid_out(const FileName& file, const SafetensorsLayout& layout);

/// CRC-32 of a tensor's bytes in the file.
std::uint32_t stored_checksum(const Tensor& x);
std::uint32_t checksum(std::string_view text);

}  // namespace tarn::io::detail
