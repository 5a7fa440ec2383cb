#include <array>
#include <charconv>

#include <tarn/optim/detail/short_text.h>

namespace tarn::optim::detail {

std::string short_text(double value) {
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.begin(), text.end(), value, std::chars_format::general, 4).ptr;
  return {text.begin(), end};
}

}  // namespace tarn::optim::detail
