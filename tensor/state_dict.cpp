#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/state_dict.h>
#include <tarn/tensor/str.h>

namespace tarn {

void StateDict::set(const std::string& name, const Tensor& value) {
  const auto [place, is_new] = places_.try_emplace(name, entries_.size());
  if (is_new) {
    entries_.emplace_back(name, value);
  } else {
    entries_[place->second].second = value;
  }
}

const Tensor* StateDict::find(const std::string& name) const {
  const auto place = places_.find(name);
  return place == places_.end() ? nullptr : &entries_[place->second].second;
}

const Tensor& StateDict::at(const std::string& name) const {
  const Tensor* value = find(name);
  if (!value) throw IndexError(str("state dict: no entry \"", name, "\" among ", size()));
  return *value;
}

void StateDict::merge(const std::string& prefix, const StateDict& other) {
  for (const auto& [name, value] : other) set(prefix + name, value);
}

StateDict StateDict::sub(const std::string& prefix) const {
  StateDict part;
  for (const auto& [name, value] : entries_) {
    if (name.starts_with(prefix)) part.set(name.substr(prefix.size()), value);
  }
  return part;
}

StateDict StateDict::clone() const {
  StateDict copy;
  for (const auto& [name, value] : entries_) {
    const Tensor elements = empty_like(value);
    kernels::copy_into(elements, value);
    copy.set(name, elements);
  }
  return copy;
}

}  // namespace tarn
