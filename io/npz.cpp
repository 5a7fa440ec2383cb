#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include <zlib.h>

#include <tarn/io/detail/npy_array.h>
#include <tarn/io/detail/output_file.h>
#include <tarn/io/detail/printable.h>
#include <tarn/io/detail/zip_archive.h>
#include <tarn/io/npz.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::io {
namespace {

constexpr const char* kNpz = "npz";
constexpr std::string_view kNpySuffix = ".npy";
// 1980-01-01, the first day that the format knows: the same tensors give the same bytes.
constexpr std::uint64_t kDate = 0x21;

std::string little_endian(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// The contents of a member as they come in the file, and what they were before.
struct Member {
  std::string name;
  std::string start{};  // before the elements; empty once packed
  std::span<const std::byte> elements{};
  std::string packed{};
  std::uint64_t bytes = 0;
  std::uint32_t checksum = 0;
  std::uint64_t offset = 0;
  bool is_packed = false;

  std::uint64_t packed_bytes() const { return is_packed ? packed.size() : bytes; }
};

void deflate_into(std::string& packed, const Member& member) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    throw OutOfMemory(str(kNpz, ": no memory to compress"), 1 << 18);
  std::vector<char> room(1 << 16);
  const auto feed = [&](std::span<const std::byte> bytes, bool last) {
    do {
      const std::size_t part = std::min(bytes.size(), std::size_t{1} << 30);
      // zlib's interface has no const.
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
      stream.avail_in = static_cast<uInt>(part);
      bytes = bytes.subspan(part);
      do {
        stream.next_out = reinterpret_cast<Bytef*>(room.data());
        stream.avail_out = static_cast<uInt>(room.size());
        deflate(&stream, last && bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
        packed.append(room.data(), room.size() - stream.avail_out);
      } while (stream.avail_out == 0);
    } while (!bytes.empty());
  };
  feed(bytes_of(member.start), false);
  feed(member.elements, true);
  deflateEnd(&stream);
}

// What the member's own header and the directory have in common. Sizes are always given in 64 bits,
// in the extra field: one way for small and large.
std::string description(const Member& member) {
  return str(little_endian(45, 2), little_endian(1 << 11, 2),
             little_endian(member.is_packed ? 8 : 0, 2), little_endian(0, 2),
             little_endian(kDate, 2), little_endian(member.checksum, 4),
             little_endian(UINT32_MAX, 4), little_endian(UINT32_MAX, 4),
             little_endian(member.name.size(), 2));
}

std::string sizes(const Member& member) {
  return str(little_endian(member.bytes, 8), little_endian(member.packed_bytes(), 8));
}

std::string local_header(const Member& member) {
  return str("PK\3\4", description(member), little_endian(20, 2), member.name, little_endian(1, 2),
             little_endian(16, 2), sizes(member));
}

std::string directory_entry(const Member& member) {
  return str("PK\1\2", little_endian(45, 2), description(member), little_endian(28, 2),
             std::string(10, '\0'), little_endian(UINT32_MAX, 4), member.name, little_endian(1, 2),
             little_endian(24, 2), sizes(member), little_endian(member.offset, 8));
}

std::string end_of(std::uint64_t count, std::uint64_t begin, std::uint64_t bytes) {
  return str("PK\6\6", little_endian(44, 8), little_endian(45, 2), little_endian(45, 2),
             std::string(8, '\0'), little_endian(count, 8), little_endian(count, 8),
             little_endian(bytes, 8), little_endian(begin, 8), "PK\6\7", std::string(4, '\0'),
             little_endian(begin + bytes, 8), little_endian(1, 4), "PK\5\6", std::string(4, '\0'),
             std::string(12, '\xff'), std::string(2, '\0'));
}

void check_name(const std::string& path, const std::string& name) {
  const bool outside = name.empty() || name.front() == '/' ||
                       name.find("..") != std::string::npos ||
                       name.find('\\') != std::string::npos || name.find("//") != std::string::npos;
  if (!outside && name.size() < 60'000) return;
  throw ValueError(str(kNpz, ": ", path, ": name \"", detail::printable(name),
                       "\": expected one that is not empty, absolute or long, without .. and \\"));
}

}  // namespace

StateDict read_npz(const std::string& path) {
  const detail::ZipArchive archive({kNpz, path});
  StateDict arrays;
  for (const detail::ZipEntry& entry : archive.entries()) {
    detail::ZipMember member(archive, entry);
    const bool named = entry.name.ends_with(kNpySuffix) && entry.name.size() > kNpySuffix.size();
    if (!named) {
      member.fail(entry.name.ends_with("/data.pkl")
                      ? "this is a file of torch.save: expected one of numpy.savez; write it in "
                        "Python by numpy.savez(path, **{k: v.numpy() for k, v in "
                        "model.state_dict().items()})"
                      : "expected a name that ends in .npy",
                  entry.header);
    }
    arrays.set(entry.name.substr(0, entry.name.size() - kNpySuffix.size()),
               detail::read_npy_array(member));
  }
  return arrays;
}

void write_npz(const std::string& path, const StateDict& arrays, const WriteNpzOptions& options) {
  for (const auto& [name, x] : arrays) {
    check_name(path, name);
    if (!x.defined())
      throw ValueError(str(kNpz, ": ", path, ": \"", detail::printable(name),
                           "\" is undefined: expected a tensor"));
  }
  detail::OutputFile file(kNpz, path);
  std::string directory;
  std::uint64_t offset = 0;
  for (const auto& [name, x] : arrays) {
    const Tensor values = x.detach().contiguous();
    Member member{.name = name + std::string(kNpySuffix), .start = detail::npy_start(values)};
    member.elements = {values.impl().data(),
                       static_cast<std::size_t>(values.numel()) * element_size(values.dtype())};
    member.bytes = member.start.size() + member.elements.size();
    for (const auto part : {bytes_of(member.start), member.elements}) {
      if (part.empty()) continue;
      member.checksum = static_cast<std::uint32_t>(
          ::crc32_z(member.checksum, reinterpret_cast<const Bytef*>(part.data()), part.size()));
    }
    member.offset = offset;
    member.is_packed = options.compress;
    if (options.compress) deflate_into(member.packed, member);
    const std::string header = local_header(member);
    file.write(header);
    if (options.compress) {
      file.write(member.packed);
    } else {
      file.write(member.start);
      file.write(member.elements);
    }
    offset += header.size() + member.packed_bytes();
    directory += directory_entry(member);
  }
  file.write(directory);
  file.write(end_of(arrays.size(), offset, directory.size()));
  file.commit();
}

}  // namespace tarn::io
