#include <cstdlib>
#include <memory>
#include <ostream>
#include <typeinfo>

#include <cxxabi.h>

#include <tarn/nn/module.h>

namespace tarn::nn {
namespace {

// "Linear" for "tarn::nn::Linear" and "Block<int>" for "(anonymous namespace)::Block<int>".
std::string without_namespaces(const std::string& name) {
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '<' || name[i] == '(') ++depth;
    if (name[i] == '>' || name[i] == ')') --depth;
    if (depth == 0 && name.compare(i, 2, "::") == 0) start = i + 2;
  }
  return name.substr(start);
}

std::string indented(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c;
    if (c == '\n') result += "  ";
  }
  return result;
}

}  // namespace

std::string Module::type_name() const {
  const char* mangled = typeid(*this).name();
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  return without_namespaces(status == 0 ? name.get() : mangled);
}

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
