#include <tarn/optim/param_group.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

double ParamGroup::option(std::string_view name) const {
  if (const double* value = detail::find(options, name)) return *value;
  throw ValueError(str("param group: there is no option \"", name, "\": expected one of ",
                       detail::names(options)));
}

double& ParamGroup::option(std::string_view name) {
  static_cast<void>(std::as_const(*this).option(name));  // throws when there is none
  return const_cast<double&>(*detail::find(options, name));
}

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

const double* find(const Options& options, std::string_view name) {
  for (const auto& [key, value] : options) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace detail
}  // namespace tarn::optim
