#include <algorithm>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <tarn/io/detail/grouped.h>
#include <tarn/io/detail/hex.h>
#include <tarn/io/detail/input_file.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {
namespace {

// zlib and read() count in int.
constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;
// Window of 32 KiB, and gzip headers instead of zlib's.
constexpr int kGzipWindow = 15 + 16;

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

// Without O_NONBLOCK a FIFO that nobody writes to would hang here.
InputFile::InputFile(const char* component, const std::string& path, Packing packing)
    : name_{component, path}, descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) name_.fail_system("cannot be opened", errno);
  check_regular();
  if (packing == Packing::by_content) detect_gzip();
}

InputFile::~InputFile() {
  if (stream_) inflateEnd(stream_.get());
}

void InputFile::check_regular() {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) name_.fail_system("cannot be examined", errno);
  if (S_ISDIR(status.st_mode)) {
    throw IoError(str(name_.component, ": ", name_.path, ": is a directory: expected a file"),
                  name_.path, EISDIR);
  }
  if (!S_ISREG(status.st_mode)) {
    throw IoError(str(name_.component, ": ", name_.path,
                      ": is not a regular file (a FIFO, device or socket): expected one"),
                  name_.path, 0);
  }
  if (status.st_size == 0) fail("is empty; download it again", 0);
  file_size_ = static_cast<std::uint64_t>(status.st_size);
}

void InputFile::detect_gzip() {
  std::byte magic[2];
  const bool gzip =
      read_raw(magic) == 2 && magic[0] == std::byte{0x1f} && magic[1] == std::byte{0x8b};
  if (::lseek(descriptor_, 0, SEEK_SET) != 0) name_.fail_system("cannot be read", errno);
  file_position_ = 0;
  if (!gzip) return;
  packed_.resize(kPackedBytes);
  auto stream = std::make_unique<z_stream_s>();
  if (inflateInit2(stream.get(), kGzipWindow) != Z_OK) {
    throw OutOfMemory(str(name_.component, ": ", name_.path, ": no memory to unpack gzip"),
                      kPackedBytes);
  }
  stream_ = std::move(stream);
}

std::uint64_t InputFile::max_bytes() const {
  std::uint64_t most = file_size_;
  if (is_gzip() && __builtin_mul_overflow(file_size_, kMaxRatio, &most)) most = UINT64_MAX;
  return most;
}

std::size_t InputFile::read(std::span<std::byte> out) {
  const std::size_t count = is_gzip() ? read_gzip(out) : read_raw(out);
  position_ += is_gzip() ? 0 : count;  // read_gzip counts as it goes, for its messages
  return count;
}

std::vector<std::byte> InputFile::read_all(std::size_t limit) {
  std::vector<std::byte> bytes;
  std::size_t count = 0;
  do {
    const std::size_t room = std::max<std::size_t>(
        2 * bytes.size(), static_cast<std::size_t>(std::min<std::uint64_t>(file_size_, limit)));
    bytes.resize(std::min(room, limit) + 1);
    count += read(std::span(bytes).subspan(count));
    if (count > limit) fail(str("holds more than ", grouped(limit), " bytes, the limit"), limit);
  } while (count == bytes.size());
  bytes.resize(count);
  return bytes;
}

std::size_t InputFile::read_raw(std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t count =
        ::read(descriptor_, out.data() + done, std::min(out.size() - done, kMostAtOnce));
    if (count == 0) break;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) name_.fail_system("cannot be read", errno);
    done += static_cast<std::size_t>(count);
    file_position_ += static_cast<std::uint64_t>(count);
  }
  return done;
}

std::size_t InputFile::read_gzip(std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size() && !ended_) {
    refill();
    if (stream_->avail_in == 0) {
      const std::string of = expected_ ? str(" of ", grouped(*expected_)) : std::string();
      fail(
          str("gzip stream ends early after ", grouped(position_), of, " bytes; download it again"),
          file_position_);
    }
    const std::size_t room = std::min(out.size() - done, kMostAtOnce);
    stream_->next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream_->avail_out = static_cast<uInt>(room);
    const int code = inflate(stream_.get(), Z_NO_FLUSH);
    const std::size_t count = room - stream_->avail_out;
    done += count;
    position_ += count;
    if (code == Z_STREAM_END) {
      next_member();
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      fail_unpacking(code);
    }
  }
  return done;
}

void InputFile::refill() {
  if (stream_->avail_in > 0) return;
  stream_->next_in = reinterpret_cast<Bytef*>(packed_.data());
  stream_->avail_in = static_cast<uInt>(read_raw(packed_));
}

void InputFile::next_member() {
  refill();
  ended_ = stream_->avail_in == 0;
  if (!ended_) inflateReset(stream_.get());
}

void InputFile::fail_unpacking(int code) const {
  if (code == Z_MEM_ERROR)
    throw OutOfMemory(str(name_.component, ": ", name_.path, ": no memory to unpack gzip"),
                      kPackedBytes);
  const std::uint64_t used = file_position_ - stream_->avail_in;
  const std::string_view reason = stream_->msg ? stream_->msg : "damaged";
  // zlib has just compared the last four bytes it took with its own count.
  const std::optional<std::uint32_t> stored = word_before(used);
  if (stored && reason == "incorrect data check") {
    fail(str("gzip check failed (stored ", hex(*stored), ", computed ",
             hex(static_cast<std::uint32_t>(stream_->adler)), "); download it again"),
         used - 4);
  }
  if (stored && reason == "incorrect length check") {
    fail(str("gzip check failed (stored length ", grouped(*stored), ", unpacked ",
             grouped(static_cast<std::uint32_t>(stream_->total_out)), "); download it again"),
         used - 4);
  }
  fail(str("gzip data are damaged at byte ", grouped(used), " of the file (", reason,
           "); download it again"),
       used);
}

std::optional<std::uint32_t> InputFile::word_before(std::uint64_t offset) const {
  unsigned char bytes[4];
  if (offset < 4 || ::pread(descriptor_, bytes, 4, static_cast<off_t>(offset - 4)) != 4) return {};
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

}  // namespace tarn::io::detail
