#include <ostream>

#include <tarn/nn/detail/class_name.h>
#include <tarn/nn/module.h>

namespace tarn::nn {
namespace {

std::string indented(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c;
    if (c == '\n') result += "  ";
  }
  return result;
}

}  // namespace

std::string Module::type_name() const { return detail::class_name(typeid(*this)); }

std::string to_string(const Module& module) {
  const std::string extra = module.extra();
  if (module.named_children().empty()) return module.type_name() + "(" + extra + ")";
  std::string text = module.type_name() + "(\n";
  if (!extra.empty()) text += "  " + indented(extra) + "\n";
  for (const auto& [name, child] : module.named_children()) {
    text += "  (" + name + "): " + indented(to_string(*child)) + "\n";
  }
  return text + ")";
}

std::ostream& operator<<(std::ostream& out, const Module& module) {
  return out << to_string(module);
}

}  // namespace tarn::nn
