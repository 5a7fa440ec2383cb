#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <tarn/io/detail/input_file.h>
#include <tarn/io/detail/mapped_file.h>

namespace tarn::io::detail {

// Without O_NONBLOCK a FIFO that nobody writes to would hang here.
MappedFile::MappedFile(const FileName& name) {
  const Descriptor descriptor(::open(name.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (descriptor < 0) name.fail_system("cannot be opened", errno);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) name.fail_system("cannot be examined", errno);
  if (S_ISDIR(status.st_mode)) name.fail_system("is a directory", EISDIR);
  if (!S_ISREG(status.st_mode)) name.fail_system("is not a regular file", EINVAL);
  if (status.st_size == 0) name.fail("is empty; download it again");
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const data =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0);
  if (data == MAP_FAILED) name.fail_system("cannot be mapped", errno);
  bytes_ = {static_cast<std::byte*>(data), size};
}

MappedFile::~MappedFile() { ::munmap(bytes_.data(), bytes_.size()); }

}  // namespace tarn::io::detail
