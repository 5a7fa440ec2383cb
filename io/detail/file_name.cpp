#include <system_error>

#include <tarn/io/detail/file_name.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {

FormatError FileName::error(const std::string& text, std::uint64_t offset) const {
  return FormatError(str(component, ": ", path, ": ", text), path, offset);
}

void FileName::fail(const std::string& text, std::uint64_t offset) const {
  throw error(text, offset);
}

void FileName::fail_system(const char* what, int error_number) const {
  throw IoError(str(component, ": ", path, ": ", what, ": ",
                    std::generic_category().message(error_number), " (errno ", error_number, ")"),
                path, error_number);
}

}  // namespace tarn::io::detail
