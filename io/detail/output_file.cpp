#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tarn/io/detail/output_file.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {
namespace {

constexpr std::size_t kMostWritten = std::size_t{1} << 30;

// Where a chain of links ends; the path itself when there is nothing yet.
std::string resolved(const std::string& path) {
  std::error_code error;
  std::string target = std::filesystem::canonical(path, error).string();
  return error ? path : target;
}

}  // namespace

OutputFile::OutputFile(const char* component, const std::string& path)
    : name_{component, resolved(path)}, descriptor_(-1) {
  struct stat status {};
  const bool exists = ::stat(name_.path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) name_.fail_system("cannot be written", EISDIR);
  // Replacing a device or FIFO by a file is never what was meant.
  if (exists && !S_ISREG(status.st_mode)) name_.fail_system("is no regular file", EINVAL);
  open_temporary();
  if (exists) ::fchmod(descriptor_, status.st_mode & 07777);
}

// Not by mkostemp(): it lets nobody but the owner read, and the mask that says who else may can
// only be looked at by changing it, for all threads.
void OutputFile::open_temporary() {
  static std::atomic<unsigned> next{0};
  do {
    temporary_ = str(name_.path, kTemporarySuffix, ::getpid(), ".", next++);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) name_.fail_system("cannot be written", errno);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
  }
}

void OutputFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), std::min(bytes.size(), kMostWritten));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) name_.fail_system("cannot be written", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void OutputFile::commit() {
  if (::fsync(descriptor_) != 0) name_.fail_system("cannot be flushed to the disk", errno);
  const int number = descriptor_;
  descriptor_ = -1;
  if (::close(number) != 0 || std::rename(temporary_.c_str(), name_.path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary_.c_str());
    name_.fail_system("cannot be written", error);
  }
  sync_folder();
}

// Only then does the new name survive a power failure.
void OutputFile::sync_folder() const {
  const std::string folder = std::filesystem::path(name_.path).parent_path().string();
  const int number = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (number < 0) name_.fail_system("was written, but its folder cannot be opened", errno);
  const int error = ::fsync(number) == 0 ? 0 : errno;
  ::close(number);
  // Some file systems cannot do this for folders.
  if (error != 0 && error != EINVAL)
    name_.fail_system("was written, but its folder cannot be flushed", error);
}

}  // namespace tarn::io::detail
