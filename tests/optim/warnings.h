#pragma once

#include <string>
#include <vector>

#include <tarn/tensor/warning.h>

namespace tarn::testing {

/// Collects the warnings given while it lives, all of them as if never given before.
class Warnings {
 public:
  Warnings() : previous_(set_warning_handler(&Warnings::keep)) {
    reset_warnings();
    texts().clear();
  }
  ~Warnings() {
    set_warning_handler(previous_);
    reset_warnings();
  }
  Warnings(const Warnings&) = delete;
  Warnings& operator=(const Warnings&) = delete;

  static std::vector<std::string>& texts() {
    static std::vector<std::string> all;
    return all;
  }

 private:
  static void keep(const std::string& message) { texts().push_back(message); }

  WarningHandler previous_;
};

}  // namespace tarn::testing
