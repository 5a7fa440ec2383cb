#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
Bytes idx_bytes(std::uint8_t code, const std::vector<std::uint32_t>& sizes, const Bytes& payload);

/// `bytes` as one gzip member without a name or time.
Bytes gzip(const Bytes& bytes);

Bytes operator+(Bytes a, const Bytes& b);
