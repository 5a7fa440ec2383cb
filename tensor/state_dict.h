#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// Tensors by name, in the order they were added: what modules, optimizers, schedulers and loaders
/// save and load. Numbers are 0-d tensors. Its tensors share their elements with the object they
/// came from until clone()d.
class StateDict {
 public:
  using Entry = std::pair<std::string, Tensor>;

  /// Adds or replaces.
  void set(const std::string& name, const Tensor& value);
  /// nullptr when there is no such name.
  const Tensor* find(const std::string& name) const;
  bool contains(const std::string& name) const { return find(name) != nullptr; }
  /// Throws IndexError with the name when there is none.
  const Tensor& at(const std::string& name) const;
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  std::vector<Entry>::const_iterator begin() const { return entries_.begin(); }
  std::vector<Entry>::const_iterator end() const { return entries_.end(); }

  /// Adds all of `other` with `prefix` before each name: `merge("optimizer.", sgd.state_dict())`.
  void merge(const std::string& prefix, const StateDict& other);
  /// The entries whose name starts with `prefix`, without it.
  StateDict sub(const std::string& prefix) const;
  /// The same names with copies of the tensors, outside any graph.
  StateDict clone() const;

 private:
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t> places_;  // of the names in entries_
};

}  // namespace tarn
