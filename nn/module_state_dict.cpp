#include <unordered_map>

#include <tarn/autograd/grad_mode.h>
#include <tarn/nn/module.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

// A value that a load will copy once everything is known to fit.
struct Copy {
  std::string name;
  Tensor from;
  Tensor to;
};

bool overlaps_itself(const Tensor& tensor) {
  for (int i = 0; i < tensor.dim(); ++i) {
    if (tensor.sizes()[i] > 1 && tensor.strides()[i] == 0) return true;
  }
  return false;
}

// Why `from` cannot be copied into `to`; empty when it can.
std::string mismatch(const Tensor& from, const Tensor& to) {
  if (!from.defined()) return "undefined in the file";
  if (from.sizes() != to.sizes()) return str("file ", from.sizes(), ", model ", to.sizes());
  const bool converts = is_floating_point(from.dtype()) && is_floating_point(to.dtype());
  if (from.dtype() != to.dtype() && !converts) {
    return str("file ", from.dtype(), ", model ", to.dtype());
  }
  if (overlaps_itself(to)) {
    return str("expanded in the model (strides ", to.strides(), "), clone() it first");
  }
  return {};
}

bool same_values(const Tensor& a, const Tensor& b) {
  const bool same_place = a.impl().data() == b.impl().data() && a.strides() == b.strides();
  return same_place || a.to_vector() == b.to_vector();
}

// Tied weights have several names but hold one value.
void check_tied(const std::vector<Copy>& copies, std::vector<std::string>& problems) {
  std::unordered_map<const TensorImpl*, const Copy*> first;
  for (const Copy& copy : copies) {
    const Copy& other = *first.try_emplace(&copy.to.impl(), &copy).first->second;
    if (!same_values(copy.from, other.from)) {
      problems.push_back(str(other.name, " and ", copy.name,
                             ": one tensor in the model, different values in the file"));
    }
  }
}

std::string join(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

}  // namespace

StateDict Module::state_dict() const {
  StateDict state;
  for (const auto& [name, tensor] : list(Listing::state)) state.set(name, tensor.detach());
  return state;
}

IncompatibleKeys Module::load_state_dict(const StateDict& state,
                                         const LoadStateDictOptions& options) {
  IncompatibleKeys keys;
  std::vector<Copy> copies;
  std::vector<std::string> problems;
  StateDict known;
  for (const auto& [name, to] : list(Listing::state)) {
    known.set(name, to);
    const Tensor* from = state.find(name);
    if (!from) {
      keys.missing.push_back(name);
    } else if (std::string problem = mismatch(*from, to); !problem.empty()) {
      problems.push_back(str(name, ": ", problem));
    } else {
      copies.push_back({name, *from, to});
    }
  }
  for (const auto& [name, tensor] : state) {
    if (!known.contains(name)) keys.unexpected.push_back(name);
  }
  check_tied(copies, problems);
  if (options.strict && !keys.unexpected.empty()) {
    problems.insert(problems.begin(), "unexpected " + join(keys.unexpected, ", "));
  }
  if (options.strict && !keys.missing.empty()) {
    problems.insert(problems.begin(), "missing " + join(keys.missing, ", "));
  }
  if (!problems.empty()) {
    throw ValueError(
        str("load_state_dict: the state does not fit ", type_name(), ": ", join(problems, "; "),
            ": expected the names and shapes of the model; nothing was loaded",
            options.strict ? " (.strict = false allows missing and unexpected names)" : ""));
  }

  const NoGradGuard no_grad;
  for (const Copy& copy : copies) copy.to.copy_(copy.from);
  return keys;
}

}  // namespace tarn::nn
