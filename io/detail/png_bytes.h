#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace tarn::io::detail {

/// A PNG file of 8-bit pixels, in rows from the top. `pixels` has height * width *
/// channels numbers, the channels of a pixel side by side; channels is 1 (grey) or 3.
std::string png_bytes(std::span<const std::uint8_t> pixels, std::int64_t height, std::int64_t width,
                      std::int64_t channels);

/// RFC 4648, section 4.
std::string base64(const std::string& bytes);

}  // namespace tarn::io::detail
