#include <tarn/nn/clone.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

void check_same_modules(const Module& from, const Module& to, const std::string& name) {
  const auto describe = [](const Module& module) {
    return str(module.type_name(), " with ", module.named_children().size(), " children");
  };
  if (from.type_name() != to.type_name() ||
      from.named_children().size() != to.named_children().size()) {
    throw ValueError(str("clone: module \"", name, "\" is a ", describe(from), ", in the copy a ",
                         describe(to), ": expected a copy made like the model"));
  }
  for (std::size_t i = 0; i < from.named_children().size(); ++i) {
    const auto& [own, child] = from.named_children()[i];
    const auto& [other, twin] = to.named_children()[i];
    if (own != other) {
      throw ValueError(str("clone: child ", i, " of module \"", name, "\" is called ", own,
                           ", in the copy ", other, ": expected a copy made like the model"));
    }
    check_same_modules(*child, *twin, name.empty() ? own : str(name, ".", own));
  }
}

void copy_mode(const Module& from, Module& to) {
  to.train(from.is_training());
  for (std::size_t i = 0; i < from.named_children().size(); ++i)
    copy_mode(*from.named_children()[i].second, *to.named_children()[i].second);
}

}  // namespace

void copy_state(const Module& from, Module& to) {
  check_same_modules(from, to, "");
  const NamedTensors own = from.named_parameters();
  const NamedTensors other = to.named_parameters();
  if (own.size() != other.size()) {
    throw ValueError(str("clone: the model has ", own.size(), " different parameters, the copy ",
                         other.size(), ": expected the same ones tied together in both"));
  }
  if (!own.empty() && own[0].second.dtype() != other[0].second.dtype())
    to.to(own[0].second.dtype());
  to.load_state_dict(from.state_dict());
  for (std::size_t i = 0; i < own.size(); ++i)
    other[i].second.requires_grad_(own[i].second.requires_grad());
  copy_mode(from, to);
}

}  // namespace tarn::nn
