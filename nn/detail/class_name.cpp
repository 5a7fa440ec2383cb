#include <cstdlib>
#include <memory>

#include <cxxabi.h>

#include <tarn/nn/detail/class_name.h>

namespace tarn::nn::detail {
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

}  // namespace

std::string class_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
  return without_namespaces(status == 0 ? name.get() : type.name());
}

}  // namespace tarn::nn::detail
