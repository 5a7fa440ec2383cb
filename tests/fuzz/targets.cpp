#include "targets.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>

#include <unistd.h>
#include <zlib.h>

#include <tarn/data/cifar10.h>
#include <tarn/data/csv.h>
#include <tarn/data/idx.h>
#include <tarn/io/checkpoint.h>
#include <tarn/io/detail/safetensors_file.h>
#include <tarn/io/image.h>
#include <tarn/io/npy.h>
#include <tarn/io/npz.h>
#include <tarn/io/safetensors.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

using namespace tarn;

namespace {

using Input = std::span<const std::uint8_t>;

// Not EXPECT: the fuzzer keeps the input at which a program ends.
void require(bool good, const char* promise) {
  if (good) return;
  std::cerr << "broken promise: " << promise << std::endl;
  std::abort();
}

// A folder in memory that one process has for itself.
std::string folder() {
  struct Folder {
    Folder() {
      const bool memory = std::filesystem::is_directory("/dev/shm");
      path = memory ? "/dev/shm" : std::filesystem::temp_directory_path().string();
      path += "/tarn-fuzz-" + std::to_string(::getpid());
      std::filesystem::create_directories(path);
    }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
    std::string path;
  };
  static const Folder folder;
  return folder.path;
}

std::string file_of(Input bytes, const char* name = "input") {
  const std::string path = folder() + "/" + name;
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  require(file != nullptr, "the fuzzer can write its input");
  require(std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size(), "the disk has room");
  require(std::fclose(file) == 0, "the disk has room");
  return path;
}

// Calls f; false when it throws what parsers may throw.
template <class F>
bool accepts(F&& f) {
  try {
    f();
    return true;
  } catch (const FormatError&) {
  } catch (const ValueError&) {
  } catch (const OutOfMemory&) {
  } catch (const IoError& error) {
    require(error.error_number == 0, "no call to the system fails because of a file's contents");
  }
  return false;
}

// Touches every element, so that a sanitizer sees memory that is not there.
double total(const Tensor& x) {
  double total = 0;
  for (const double value : x.to_vector()) total += value;
  return total;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  const std::size_t bytes = static_cast<std::size_t>(a.numel()) * element_size(a.dtype());
  return a.dtype() == b.dtype() && a.sizes() == b.sizes() &&
         (bytes == 0 || std::memcmp(a.impl().data(), b.impl().data(), bytes) == 0);
}

void read_idx(Input bytes) {
  accepts([&] { total(data::read_idx(file_of(bytes))); });
}

// The same PNG with right checksums, as far as its chunks go: nearly no input has them.
std::vector<std::uint8_t> with_checksums(Input bytes) {
  std::vector<std::uint8_t> png(bytes.begin(), bytes.end());
  for (std::size_t at = 8; png.size() >= 12 && at <= png.size() - 12;) {
    const std::size_t length =
        (std::size_t{png[at]} << 24) + (png[at + 1] << 16) + (png[at + 2] << 8) + png[at + 3];
    if (length > png.size() - 12 - at) break;
    const std::uint8_t* const name = png.data() + at + 4;
    const auto sum = static_cast<std::uint32_t>(crc32(0, name, static_cast<uInt>(length + 4)));
    at += length + 8;
    for (int shift = 24; shift >= 0; shift -= 8)
      png[at++] = static_cast<std::uint8_t>(sum >> shift);
  }
  return png;
}

void read_image(Input bytes) {
  const bool png = bytes.size() > 8 && std::memcmp(bytes.data(), "\x89PNG\r\n\x1a\n", 8) == 0;
  const std::string path = file_of(png ? with_checksums(bytes) : bytes);
  const std::int64_t limit = 1 << 14;  // larger images are legal, but slow to fuzz
  const std::int64_t channels = bytes.size() % 2 == 0 ? 1 : 3;
  accepts([&] {
    const Tensor x =
        io::read_image(path, {.channels = channels, .max_side = 4096, .max_pixels = limit});
    require(x.dim() == 3 && x.size(0) == channels && x.numel() <= channels * limit,
            "an image is [channels, H, W]");
    total(x);
  });
}

void read_cifar10(Input bytes) {
  file_of(bytes, "test_batch.bin");
  accepts([&] {
    const data::CIFAR10 set(folder(), {.train = false});
    if (set.size() > 0) total(set.get(set.size() - 1).data);
  });
}

void read_csv(Input bytes) {
  const std::string path = file_of(bytes);
  for (const bool header : {true, false}) {
    accepts([&] {
      const data::CSV set(path, {.header = header, .missing = 0.0});
      if (set.size() > 0) total(set.get(set.size() - 1).data);
    });
  }
  accepts([&] { const data::CSV set(path, {.delimiter = ';', .label_dtype = kInt64}); });
}

void read_npy(Input bytes) {
  Tensor x;
  if (!accepts([&] { x = io::read_npy(file_of(bytes)); })) return;
  const std::string copy = folder() + "/copy";
  io::write_npy(copy, x);
  require(same_bits(io::read_npy(copy), x), "what was read reads back when written");
}

void read_npz(Input bytes) {
  StateDict arrays;
  if (!accepts([&] { arrays = io::read_npz(file_of(bytes)); })) return;
  const std::string copy = folder() + "/copy";
  for (const bool compress : {false, true}) {
    io::write_npz(copy, arrays, {.compress = compress});
    const StateDict again = io::read_npz(copy);
    for (const auto& [name, x] : arrays)
      require(same_bits(again.at(name), x), "what was read reads back when written");
  }
}

void read_safetensors(Input bytes) {
  const std::string path = file_of(bytes);
  io::SafeTensors mapped;
  io::SafeTensors read;
  const bool a = accepts([&] { mapped = io::read_safetensors(path); });
  const bool b = accepts([&] { read = io::read_safetensors(path, {.mmap = false}); });
  require(a == b, "a mapped file is accepted like a read one");
  if (!a) return;
  for (const auto& [name, x] : mapped.tensors)
    require(same_bits(read.tensors.at(name), x), "a mapped tensor has the values of a read one");
  const std::string copy = folder() + "/copy";
  io::write_safetensors(copy, read.tensors, read.metadata);
  const io::SafeTensors again = io::read_safetensors(copy);
  require(again.metadata == read.metadata, "metadata read back when written");
  for (const auto& [name, x] : read.tensors)
    require(same_bits(again.tensors.at(name), x), "tensors read back when written");
}

// The header alone, the only JSON that is read: its length is always right, so that any change is
// one of the JSON, and as many bytes follow as the first one says.
void read_json(Input bytes) {
  if (bytes.empty()) return;
  const std::uint64_t length = bytes.size() - 1;
  std::vector<std::uint8_t> file(8 + length + bytes[0]);
  std::memcpy(file.data(), &length, 8);
  std::memcpy(file.data() + 8, bytes.data() + 1, length);
  read_safetensors(file);
}

// What a part is given.
struct Received {
  StateDict state_dict() const { return state; }
  void load_state_dict(const StateDict& dict) { state = dict; }
  StateDict state;
};

void read_checkpoint(Input bytes) {
  const std::string path = file_of(bytes);
  Received model;
  const auto load = [&] { io::load_checkpoint(path, {{"model", model}}); };
  if (!accepts(load)) require(model.state.empty(), "a load that fails changes nothing");
  // Nearly no input gets past the checksums: make them right, and see what comes behind.
  accepts([&] {
    const io::detail::FileName name{"checkpoint", path};
    io::detail::CheckedTensors file = io::detail::read_checked(name);
    const auto count = static_cast<std::int64_t>(file.names.size());
    const Tensor* const old = file.content.tensors.find("checksums");
    const Tensor sums = zeros({count + (old ? 0 : 1)}, {.dtype = kInt64});
    file.content.tensors.set("checksums", sums);
    const auto layout =
        io::detail::lay_out_safetensors(name, file.content.tensors, file.content.metadata);
    auto* next = sums.data_ptr<std::int64_t>();
    *next++ = io::detail::checksum(layout.start);
    for (const auto* entry : layout.order)
      if (entry->first != "checksums") *next++ = io::detail::stored_checksum(entry->second);
    io::detail::write_laid_out(name, layout);
    accepts([&] { io::read_checkpoint_info(path); });
    load();
  });
}

}  // namespace

const std::vector<FuzzTarget>& fuzz_targets() {
  static const std::vector<FuzzTarget> targets = {
      {"idx", read_idx, {"fuzz/seeds/idx"}},
      {"image", read_image, {"fixtures/images"}},
      {"cifar10", read_cifar10, {"fuzz/seeds/cifar10"}},
      {"csv", read_csv, {"fuzz/seeds/csv"}},
      {"npy", read_npy, {"fixtures/npy"}},
      {"npz", read_npz, {"fixtures/npz"}},
      {"safetensors", read_safetensors, {"fixtures/safetensors"}},
      {"json", read_json, {"fuzz/seeds/json"}},
      {"checkpoint", read_checkpoint, {"fuzz/seeds/checkpoint", "fixtures/safetensors"}},
  };
  return targets;
}
