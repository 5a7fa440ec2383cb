#include <algorithm>
#include <cerrno>
#include <unordered_set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <tarn/io/detail/grouped.h>
#include <tarn/io/detail/printable.h>
#include <tarn/io/detail/zip_archive.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {
namespace {

// Sizes of the fixed parts of the records, and what they begin with.
constexpr std::uint64_t kEndBytes = 22;
constexpr std::uint64_t kLocatorBytes = 20;
constexpr std::uint64_t kEnd64Bytes = 56;
constexpr std::uint64_t kEntryBytes = 46;
constexpr std::uint64_t kHeaderBytes = 30;
constexpr std::uint64_t kMaxComment = 65'535;
constexpr std::uint64_t kMaxEntries = 65'535;
constexpr std::uint64_t kMaxDirectory = std::uint64_t{1} << 26;

std::uint64_t number(std::string_view text, std::size_t offset, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;)
    value = value << 8 | static_cast<std::uint8_t>(text[offset + i]);
  return value;
}

// Replaces sizes that did not fit 32 bits by those in the extra field of the 64-bit format.
void widen(std::string_view extra, std::initializer_list<std::uint64_t*> values) {
  while (extra.size() >= 4) {
    const auto bytes = static_cast<std::size_t>(number(extra, 2, 2));
    if (bytes > extra.size() - 4) return;
    if (number(extra, 0, 2) == 1) {
      std::size_t offset = 4;
      for (std::uint64_t* value : values) {
        if (*value != UINT32_MAX) continue;
        if (offset + 8 > bytes + 4) return;
        *value = number(extra, offset, 8);
        offset += 8;
      }
      return;
    }
    extra.remove_prefix(bytes + 4);
  }
}

bool leads_out(std::string_view name) {
  while (!name.empty()) {
    const std::size_t end = std::min(name.find_first_of("/\\"), name.size());
    if (name.substr(0, end) == ".." || end == 0) return true;
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return false;
}

}  // namespace

ZipArchive::ZipArchive(FileName name)
    : name_(std::move(name)),
      descriptor_(::open(name_.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) name_.fail_system("cannot be opened", errno);
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) name_.fail_system("cannot be examined", errno);
  if (S_ISDIR(status.st_mode)) name_.fail_system("is a directory", EISDIR);
  if (!S_ISREG(status.st_mode)) name_.fail_system("is not a regular file", EINVAL);
  size_ = static_cast<std::uint64_t>(status.st_size);
  read_directory(find_end());
}

void ZipArchive::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  if (offset > size_ || out.size() > size_ - offset)
    name_.fail(str("ends at byte ", grouped(size_), ": truncated or damaged"), offset);
  while (!out.empty()) {
    const ssize_t count =
        ::pread(descriptor_, out.data(), std::min(out.size(), std::size_t{1} << 30),
                static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) name_.fail_system("cannot be read", errno);
    if (count == 0) name_.fail("was cut while it was read", offset);
    out = out.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

std::string ZipArchive::text_at(std::uint64_t offset, std::uint64_t size) const {
  if (size > size_) name_.fail(str("ends at byte ", grouped(size_), ": truncated"), offset);
  std::string text(size, '\0');
  read_at(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

// The record at the end of the file; only a comment may follow it.
ZipArchive::End ZipArchive::find_end() const {
  const std::uint64_t bytes = std::min(size_, kEndBytes + kMaxComment);
  const std::uint64_t begin = size_ - bytes;
  const std::string text = text_at(begin, bytes);
  for (std::size_t i = text.rfind("PK\5\6"); i != std::string::npos;
       i = i == 0 ? std::string::npos : text.rfind("PK\5\6", i - 1)) {
    if (text.size() - i < kEndBytes || number(text, i + 20, 2) != text.size() - i - kEndBytes)
      continue;
    const End end{number(text, i + 10, 2), number(text, i + 16, 4), number(text, i + 12, 4)};
    const bool is_64 =
        end.count == UINT16_MAX || end.begin == UINT32_MAX || end.bytes == UINT32_MAX;
    return is_64 ? find_end64(begin + i) : end;
  }
  name_.fail("has no directory at its end: not a .npz file, or truncated", 0);
}

ZipArchive::End ZipArchive::find_end64(std::uint64_t end) const {
  if (end < kLocatorBytes) name_.fail("has no 64-bit directory: damaged", end);
  const std::string locator = text_at(end - kLocatorBytes, kLocatorBytes);
  if (!locator.starts_with("PK\6\7")) name_.fail("has no 64-bit directory: damaged", end);
  const std::string text = text_at(number(locator, 8, 8), kEnd64Bytes);
  if (!text.starts_with("PK\6\6")) name_.fail("has no 64-bit directory: damaged", end);
  return {number(text, 32, 8), number(text, 48, 8), number(text, 40, 8)};
}

void ZipArchive::read_directory(const End& end) {
  if (end.count > kMaxEntries || end.bytes > kMaxDirectory) {
    name_.fail(str("has ", grouped(end.count), " members in a directory of ", grouped(end.bytes),
                   " bytes: limits ", grouped(kMaxEntries), " and ", grouped(kMaxDirectory)),
               end.begin);
  }
  directory_ = end.begin;
  const std::string text = text_at(end.begin, end.bytes);
  std::unordered_set<std::string> names;
  std::size_t i = 0;
  for (std::uint64_t n = 0; n < end.count; ++n) {
    const std::uint64_t offset = end.begin + i;
    if (text.size() - i < kEntryBytes || text.compare(i, 4, "PK\1\2") != 0)
      name_.fail(str("directory: member ", n, " at byte ", offset, " is damaged"), offset);
    const std::uint64_t name_bytes = number(text, i + 28, 2);
    const std::uint64_t extra_bytes = number(text, i + 30, 2);
    const std::uint64_t all = kEntryBytes + name_bytes + extra_bytes + number(text, i + 32, 2);
    if (text.size() - i < all)
      name_.fail(str("directory: member ", n, " at byte ", offset, " is damaged"), offset);
    ZipEntry entry{.name = text.substr(i + kEntryBytes, name_bytes),
                   .is_packed = number(text, i + 10, 2) == 8,
                   .checksum = static_cast<std::uint32_t>(number(text, i + 16, 4)),
                   .packed_bytes = number(text, i + 20, 4),
                   .bytes = number(text, i + 24, 4),
                   .header = number(text, i + 42, 4)};
    widen(std::string_view(text).substr(i + kEntryBytes + name_bytes, extra_bytes),
          {&entry.bytes, &entry.packed_bytes, &entry.header});
    check(entry, static_cast<unsigned>(number(text, i + 8, 2)),
          static_cast<unsigned>(number(text, i + 10, 2)));
    if (!names.insert(entry.name).second)
      name_.fail(str("member \"", printable(entry.name), "\" comes twice"), offset);
    entries_.push_back(std::move(entry));
    i += all;
  }
}

void ZipArchive::check(const ZipEntry& entry, unsigned flags, unsigned method) const {
  const auto fail = [&](const std::string& text) {
    name_.fail(str("member \"", printable(entry.name), "\" ", text), entry.header);
  };
  if (leads_out(entry.name) || entry.name.ends_with('/'))
    fail("is absolute, a folder, or leads out of one: expected the name of an array");
  if ((flags & 1U) != 0) fail("is encrypted: save it without a password");
  if (method != 0 && method != 8)
    fail(str("is packed by method ", method, ": expected 0 (stored) or 8 (deflate)"));
  if (entry.header > directory_ || entry.packed_bytes > directory_ - entry.header)
    fail(str("has ", grouped(entry.packed_bytes), " bytes at ", grouped(entry.header),
             ", which lie beyond the directory at ", grouped(directory_), ": damaged"));
  const bool fits = entry.is_packed ? entry.bytes / kMaxRatio <= entry.packed_bytes
                                    : entry.bytes == entry.packed_bytes;
  if (!fits)
    fail(str("has ", grouped(entry.packed_bytes), " bytes, which cannot be ", grouped(entry.bytes),
             " unpacked: damaged"));
}

std::uint64_t ZipArchive::data_begin(const ZipEntry& entry) const {
  const std::string header = text_at(entry.header, kHeaderBytes);
  const std::uint64_t name_bytes = number(header, 26, 2);
  const std::uint64_t begin = entry.header + kHeaderBytes + name_bytes + number(header, 28, 2);
  const bool good = header.starts_with("PK\3\4") && begin <= directory_ &&
                    entry.packed_bytes <= directory_ - begin &&
                    text_at(entry.header + kHeaderBytes, name_bytes) == entry.name;
  if (!good) {
    name_.fail(str("member \"", printable(entry.name), "\" is not at byte ", entry.header,
                   ", where the directory says: damaged"),
               entry.header);
  }
  return begin;
}

ZipMember::ZipMember(const ZipArchive& archive, const ZipEntry& entry)
    : archive_(archive),
      entry_(entry),
      next_(archive.data_begin(entry)),
      left_(entry.packed_bytes) {
  if (!entry.is_packed) return;
  packed_.resize(kPackedBytes);
  auto stream = std::make_unique<z_stream_s>();
  if (inflateInit2(stream.get(), -MAX_WBITS) != Z_OK)
    throw OutOfMemory(
        str(archive.name().component, ": ", archive.name().path, ": no memory to unpack"),
        kPackedBytes);
  stream_ = std::move(stream);
}

ZipMember::~ZipMember() {
  if (stream_) inflateEnd(stream_.get());
}

std::size_t ZipMember::read(std::span<std::byte> out) {
  const std::uint64_t rest = entry_.bytes - position_;
  out = out.subspan(0, std::min<std::uint64_t>(out.size(), rest));
  if (!entry_.is_packed) {
    archive_.read_at(next_ + position_, out);
  } else if (unpack(out) < out.size()) {
    fail(str("unpacks to fewer than the ", grouped(entry_.bytes), " bytes it promises"), position_);
  }
  if (out.empty()) return 0;
  checksum_ = static_cast<std::uint32_t>(
      ::crc32_z(checksum_, reinterpret_cast<const Bytef*>(out.data()), out.size()));
  position_ += out.size();
  if (position_ < entry_.bytes) return out.size();
  std::byte beyond{};
  if (entry_.is_packed && unpack({&beyond, 1}) != 0)
    fail(str("unpacks to more than the ", grouped(entry_.bytes), " bytes it promises"), position_);
  if (checksum_ != entry_.checksum)
    fail(str("has the checksum ", checksum_, ", stored ", entry_.checksum, ": damaged"), position_);
  return out.size();
}

std::size_t ZipMember::unpack(std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    if (stream_->avail_in == 0 && left_ > 0) {
      const std::span<std::byte> next(
          packed_.data(), static_cast<std::size_t>(std::min<std::uint64_t>(left_, kPackedBytes)));
      archive_.read_at(next_, next);
      next_ += next.size();
      left_ -= next.size();
      stream_->next_in = reinterpret_cast<Bytef*>(packed_.data());
      stream_->avail_in = static_cast<uInt>(next.size());
    }
    const std::size_t room = std::min(out.size() - done, std::size_t{1} << 30);
    stream_->next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream_->avail_out = static_cast<uInt>(room);
    const int code = inflate(stream_.get(), Z_NO_FLUSH);
    const std::size_t count = room - stream_->avail_out;
    done += count;
    if (code == Z_STREAM_END || (code == Z_BUF_ERROR && count == 0 && left_ == 0)) break;
    if (code != Z_OK && code != Z_BUF_ERROR)
      fail(str("has packed data that are damaged (", stream_->msg ? stream_->msg : "", ")"),
           position_);
  }
  return done;
}

FormatError ZipMember::error(const std::string& text, std::uint64_t offset) const {
  return archive_.name().error(str("member \"", printable(entry_.name), "\": ", text), offset);
}

}  // namespace tarn::io::detail
