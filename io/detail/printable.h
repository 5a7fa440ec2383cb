#pragma once

#include <string>
#include <string_view>

namespace tarn::io::detail {

/// Text of a file as a message may show it: printable ASCII, at most 80 characters.
std::string printable(std::string_view text);

}  // namespace tarn::io::detail
