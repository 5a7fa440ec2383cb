#include "failing_calls.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

struct Plan {
  bool armed = false;
  int n = 0;
  int error = 0;
  bool from_then_on = false;
  bool partial = false;
  int count = 0;
  const char* failed = nullptr;
};
thread_local Plan plan;

bool fails(const char* call) {
  if (!plan.armed) return false;
  ++plan.count;
  if (plan.count != plan.n && !(plan.from_then_on && plan.count > plan.n)) return false;
  if (!plan.failed) plan.failed = call;
  errno = plan.error;
  return true;
}

}  // namespace

FailingCalls::FailingCalls(int n, int error, bool from_then_on, bool partial) {
  plan = {.armed = true, .n = n, .error = error, .from_then_on = from_then_on, .partial = partial};
}
FailingCalls::~FailingCalls() { plan = {}; }
int FailingCalls::count() const { return plan.count; }
const char* FailingCalls::failed() const { return plan.failed; }

// Defined in the program, these come before the C library's.
extern "C" {

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  if (writes && fails("open")) return -1;
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

ssize_t write(int file, const void* data, size_t size) {
  if (fails("write")) {
    if (plan.partial && size > 1) (void)!::syscall(SYS_write, file, data, size / 2);
    errno = plan.error;
    return -1;
  }
  return ::syscall(SYS_write, file, data, size);
}

ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
  if (fails("pwrite")) {
    if (plan.partial && size > 1) (void)!::syscall(SYS_pwrite64, file, data, size / 2, offset);
    errno = plan.error;
    return -1;
  }
  return ::syscall(SYS_pwrite64, file, data, size, offset);
}

int ftruncate(int file, off_t size) noexcept {
  return fails("ftruncate") ? -1 : static_cast<int>(::syscall(SYS_ftruncate, file, size));
}

int fsync(int file) { return fails("fsync") ? -1 : static_cast<int>(::syscall(SYS_fsync, file)); }

// The descriptor is gone also when close() reports an error.
int close(int file) {
  const auto result = static_cast<int>(::syscall(SYS_close, file));
  return fails("close") ? -1 : result;
}

int rename(const char* from, const char* to) noexcept {
  return fails("rename") ? -1 : static_cast<int>(::syscall(SYS_rename, from, to));
}

}  // extern "C"
