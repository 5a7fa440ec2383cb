#pragma once

#include <string>
#include <vector>

#include <tarn/tensor/log.h>

namespace tarn::testing {

/// Collects the warnings given while it lives, all of them as if never given before.
class Warnings {
 public:
  Warnings() : previous_(set_log_handler(&Warnings::keep)) {
    reset_warnings();
    texts().clear();
  }
  ~Warnings() {
    set_log_handler(previous_);
    reset_warnings();
  }
  Warnings(const Warnings&) = delete;
  Warnings& operator=(const Warnings&) = delete;

  static std::vector<std::string>& texts() {
    static std::vector<std::string> all;
    return all;
  }

 private:
  static void keep(LogLevel, const std::string& message) { texts().push_back(message); }

  LogHandler previous_;
};

}  // namespace tarn::testing
