#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <stdlib.h>
#include <zlib.h>

using Bytes = std::vector<std::uint8_t>;

/// A new, empty folder that vanishes with the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  /// Writes a file, making the folders on its way; returns its path.
  std::string write(const std::string& name, const Bytes& bytes) const;

 private:
  std::string path_;
};

/// An IDX file: two zero bytes, type code, rank, sizes, then `payload`.
inline Bytes idx_bytes(std::uint8_t code, const std::vector<std::uint32_t>& sizes,
                       const Bytes& payload);

/// `bytes` as one gzip member without a name or time.
inline Bytes gzip(const Bytes& bytes);

inline Bytes operator+(Bytes a, const Bytes& b);

inline TempFolder::TempFolder() {
  path_ = (std::filesystem::temp_directory_path() / "tarn-data-XXXXXX").string();
  if (!::mkdtemp(path_.data())) throw std::runtime_error("cannot make " + path_);
}

inline TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

inline std::string TempFolder::write(const std::string& name, const Bytes& bytes) const {
  const std::filesystem::path file = std::filesystem::path(path_) / name;
  std::filesystem::create_directories(file.parent_path());
  std::filesystem::remove(file);  // ext4 flushes a file that is cut short and written again
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
  return file.string();
}

inline Bytes idx_bytes(std::uint8_t code, const std::vector<std::uint32_t>& sizes,
                       const Bytes& payload) {
  Bytes bytes = {0, 0, code, static_cast<std::uint8_t>(sizes.size())};
  for (const std::uint32_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<std::uint8_t>(size >> shift));
  }
  return std::move(bytes) + payload;
}

inline Bytes gzip(const Bytes& bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::runtime_error("deflateInit2");
  }
  Bytes packed(deflateBound(&stream, bytes.size()));
  Bytes source = bytes;
  stream.next_in = source.data();
  stream.avail_in = static_cast<uInt>(source.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  const int code = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) throw std::runtime_error("deflate");
  return packed;
}

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
