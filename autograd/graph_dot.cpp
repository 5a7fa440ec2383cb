#include <array>
#include <map>

#include <tarn/autograd/detail/pass.h>
#include <tarn/autograd/graph_dot.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

// A string of DOT: only quotes and backslashes mean something in it.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

// Two lines in one string.
std::string label(const std::string& name, const Shape& shape) {
  std::string text = quoted(name);
  text.insert(text.size() - 1, "\\n" + to_string(shape));
  return text;
}

}  // namespace

std::string graph_dot(const Tensor& output,
                      const std::vector<std::pair<std::string, Tensor>>& names) {
  if (!output.requires_grad()) {
    throw AutogradError(str("graph_dot: the tensor (shape ", output.sizes(),
                            ") does not require grad, so there is no graph: no input of its "
                            "computation did, or a NoGradGuard was active"));
  }
  std::map<const TensorImpl*, std::string> name_of;
  for (const auto& [name, tensor] : names) {
    if (tensor.defined()) name_of.emplace(&tensor.impl(), name);
  }
  const std::lock_guard lock(Pass::mutex());
  const std::array roots{gradient_node(output)};
  const Pass pass(roots);
  std::map<const Node*, std::string> ids;
  std::string nodes;
  std::string arrows;
  pass.for_each([&](Node& node) {
    const std::string id = str("n", ids.size());
    ids.emplace(&node, id);
    const auto named = name_of.find(node.leaf());
    const bool is_leaf = node.edges().empty();
    const std::string name = named != name_of.end() ? named->second
                             : is_leaf              ? "leaf"
                                                    : node.name();
    nodes += str("  ", id, " [label=", label(name, node.sizes),
                 ", shape=", is_leaf ? "ellipse" : "box", "];\n");
    // Its inputs came before.
    for (const auto& edge : node.edges()) {
      if (edge) arrows += str("  ", ids.at(edge.get()), " -> ", id, ";\n");
    }
  });
  return str("digraph graph_of_output {\n", nodes, arrows, "}\n");
}

}  // namespace tarn
