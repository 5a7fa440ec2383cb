#include <cstdio>
#include <mutex>
#include <set>
#include <utility>

#include <tarn/tensor/warning.h>

namespace tarn {
namespace {

void write_to_stderr(const std::string& message) {
  std::fprintf(stderr, "tarn: warning: %s\n", message.c_str());
}

struct Warnings {
  std::mutex mutex;
  WarningHandler handler = write_to_stderr;
  std::set<std::string> given;
};

Warnings& warnings() {
  static Warnings state;
  return state;
}

}  // namespace

WarningHandler set_warning_handler(WarningHandler handler) {
  const std::lock_guard lock(warnings().mutex);
  return std::exchange(warnings().handler, handler ? handler : write_to_stderr);
}

void warn_once(const char* key, const std::string& message) {
  WarningHandler handler = nullptr;
  {
    const std::lock_guard lock(warnings().mutex);
    if (!warnings().given.insert(key).second) return;
    handler = warnings().handler;
  }
  handler(message);
}

void reset_warnings() {
  const std::lock_guard lock(warnings().mutex);
  warnings().given.clear();
}

}  // namespace tarn
