#include <tarn/optim/param_group.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

std::string to_string(const ParamGroup& group) {
  std::string text =
      str(group.params.size(), group.params.size() == 1 ? " parameter" : " parameters");
  text += str(", lr = ", group.lr);
  for (const auto& [name, value] : group.options) text += str(", ", name, " = ", value);
  return text;
}

namespace detail {

std::string names(const Options& options) {
  std::string text;
  for (const auto& [name, value] : options) text += text.empty() ? name : ", " + name;
  return text.empty() ? "(none)" : text;
}

void throw_unknown_option(const Options& options, std::string_view name) {
  throw ValueError(
      str("param group: there is no option \"", name, "\": expected one of ", names(options)));
}

}  // namespace detail
}  // namespace tarn::optim
