#pragma once

#include <cstdint>
#include <string>

#include <tarn/tensor/tensor.h>

namespace tarn::io {

/// What read_image makes of a file, and how large an image may be.
struct ImageOptions {
  std::int64_t channels = 3;             ///< 3: red, green, blue; 1: grey
  std::int64_t max_side = 16'384;        ///< pixels in each direction, 1..16,384
  std::int64_t max_pixels = 67'108'864;  ///< in all, >= 1
};

/// Reads a PNG, JPEG or BMP file; the contents decide, not the name. Returns uint8 [channels, H,
/// W].
///
/// Grey images become colour by repetition, colour becomes grey as (77 red + 150 green + 29 blue) /
/// 256. Transparency is dropped, 16 bits are cut to 8, palettes are applied. JPEG may be baseline
/// or progressive, grey or colour, 8 bits.
///
/// A file is examined before it is decoded: its limits; a PNG's chunks, their checksums and that
/// its data unpack to just what its header promises; a BMP's header and size; a JPEG's segments,
/// tables and each Huffman code and restart marker of its scans, of which it may have 100. Damage
/// that leaves a JPEG's codes whole shows in its pixels only: the format has no checksums. Throws
/// IoError when a file cannot be read, FormatError when it is damaged, exceeds a limit (files may
/// have 64 MiB) or is of another kind, ValueError for options out of range.
Tensor read_image(const std::string& path, const ImageOptions& options = {});

}  // namespace tarn::io
