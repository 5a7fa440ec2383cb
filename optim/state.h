#pragma once

#include <list>
#include <string>
#include <string_view>
#include <utility>

#include <tarn/tensor/tensor.h>

namespace tarn::optim {

/// What an optimizer remembers of one parameter: tensors and numbers by name. The optimizer's
/// state_dict() saves all of it.
///
///   Tensor& m = state.zeros_like("exp_avg", p);
///   double& step = state.number("step");
///
/// Nothing is allocated once the names exist. References stay valid as names are added.
class State {
 public:
  using Entry = std::pair<std::string, Tensor>;

  explicit State(const Tensor& parameter) : parameter_(parameter) {}

  /// The parameter it belongs to.
  const Tensor& parameter() const { return parameter_; }

  /// The tensor of that name; zeros with the shape, dtype and memory layout of `p` at first. When
  /// the parameter has become another dtype since (Module::to()), so does the tensor. Throws
  /// ShapeError, naming both, when it was made for another shape.
  Tensor& zeros_like(std::string_view name, const Tensor& p);

  /// The number of that name; 0 at first. Kept as a 0-d float64 tensor.
  double& number(std::string_view name);

  bool contains(std::string_view name) const { return find(name) != nullptr; }

  /// The tensor of that name, or the 0-d tensor of a number; nullptr when there is none.
  const Tensor* find(std::string_view name) const;
  Tensor* find(std::string_view name);
  /// The same; throws IndexError when there is none.
  Tensor& tensor(std::string_view name);

  /// Sets `name` to a copy of `value`: a tensor with the parameter's shape and dtype, or a number
  /// (0-d float64). Throws ShapeError or DTypeError for anything else.
  void restore(std::string_view name, const Tensor& value);

  /// In the order in which the names came.
  std::list<Entry>::const_iterator begin() const { return entries_.begin(); }
  std::list<Entry>::const_iterator end() const { return entries_.end(); }

 private:
  Tensor parameter_;
  std::list<Entry> entries_;
};

}  // namespace tarn::optim
