#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tarn/io/detail/line_file.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {
namespace {

constexpr std::uint64_t kBlock = 4096;

std::uint64_t file_size(const FileName& name, int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) name.fail_system("cannot be examined", errno);
  if (!S_ISREG(status.st_mode)) name.fail_system("is no regular file", EINVAL);
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

LineFile::LineFile(FileName name)
    : name_(std::move(name)),
      descriptor_(::open(name_.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666)) {
  if (descriptor_ < 0) name_.fail_system("cannot be written", errno);
  for (end_ = file_size(name_, descriptor_); end_ > 0;) {
    const std::uint64_t begin = end_ - std::min(end_, kBlock);
    const std::size_t newline = read(begin, end_).rfind('\n');
    end_ = newline == std::string::npos ? begin : begin + newline + 1;
    if (newline != std::string::npos) break;
  }
}

std::string LineFile::read(std::uint64_t begin, std::uint64_t end) const {
  std::string text(end - begin, '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::pread(descriptor_, text.data() + done, text.size() - done,
                                  static_cast<off_t>(begin + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) name_.fail_system("cannot be read", errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  text.resize(done);
  return text;
}

std::string LineFile::first_line() const {
  std::string text;
  for (std::uint64_t begin = 0; begin < end_; begin += kBlock) {
    text += read(begin, std::min(end_, begin + kBlock));
    if (const std::size_t newline = text.find('\n'); newline != std::string::npos)
      return text.substr(0, newline);
  }
  return text;
}

void LineFile::append(const std::string& text) {
  const auto cut = [this] { return ::ftruncate(descriptor_, static_cast<off_t>(end_)); };
  if (file_size(name_, descriptor_) != end_ && cut() != 0)
    name_.fail_system("cannot be cut to its last line", errno);
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::pwrite(descriptor_, text.data() + done, text.size() - done,
                                   static_cast<off_t>(end_ + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      // A part of a line is cut off by the next one, or by whoever opens the file next.
      if (done > 0 && cut() != 0) name_.fail_system("cannot be cut to its last line", errno);
      name_.fail_system("cannot be written", error);
    }
    done += static_cast<std::size_t>(count);
  }
  end_ += text.size();
}

StateDict LineFile::state_dict() const {
  if (::fsync(descriptor_) != 0 && errno != EINVAL)
    name_.fail_system("cannot be flushed to the disk", errno);
  StateDict state;
  state.set("bytes", scalar_tensor(static_cast<std::int64_t>(end_)));
  return state;
}

void LineFile::load_state_dict(const StateDict& state) {
  const Tensor& bytes = state.at("bytes");
  const bool good = bytes.defined() && bytes.dtype() == kInt64 && bytes.dim() == 0;
  const std::int64_t end = good ? bytes.item<std::int64_t>() : -1;
  if (end < 0) throw ValueError(str(name_.component, ": state \"bytes\": expected int64 [] >= 0"));
  const std::uint64_t size = file_size(name_, descriptor_);
  if (static_cast<std::uint64_t>(end) > size) {
    throw ValueError(str(name_.component, ": ", name_.path, ": has ", size, " bytes, it had ", end,
                         " when the checkpoint was saved: expected the log of that run"));
  }
  end_ = static_cast<std::uint64_t>(end);
}

}  // namespace tarn::io::detail
