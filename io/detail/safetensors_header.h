#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tarn/io/detail/element_type.h>
#include <tarn/io/detail/file_name.h>
#include <tarn/tensor/state_dict.h>

namespace tarn::io::detail {

/// One tensor of a safetensors file; its bytes are [begin, end) behind the header.
struct SafetensorsEntry {
  std::string name{};
  ElementType element = ElementType::f32;
  Shape shape{};
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries{};  ///< in the order of their bytes, without gaps
  std::map<std::string, std::string> metadata{};
};

/// The number of bytes in front of the header that hold its length.
inline constexpr std::size_t kSafetensorsLengthBytes = 8;

/// The length of the header of a file of `file_bytes` bytes that starts with `start`. Throws
/// FormatError when there is no room for it.
std::uint64_t safetensors_header_length(const FileName& file, std::string_view start,
                                        std::uint64_t file_bytes);

/// Reads the header `text` of a file with `data_bytes` bytes behind it. Throws FormatError for
/// anything but what the format demands.
SafetensorsHeader parse_safetensors_header(const FileName& file, std::string_view text,
                                           std::uint64_t data_bytes);

/// What a file with these tensors begins with, and their order in it.
struct SafetensorsLayout {
  std::string start{};                           ///< the header and its length
  std::vector<const StateDict::Entry*> order{};  ///< into the StateDict
};

/// Throws ValueError for an undefined tensor and for text that is not UTF-8.
SafetensorsLayout lay_out_safetensors(const FileName& file, const StateDict& tensors,
                                      const std::map<std::string, std::string>& metadata);

}  // namespace tarn::io::detail
