#pragma once

#include <cstdint>
#include <string>

#include <tarn/tensor/state_dict.h>

namespace tarn::optim::detail {

/// A number, an integer and a text as entries of a StateDict: float64 [], int64 [], uint8 [length].
Tensor number_entry(double value);
Tensor integer_entry(std::int64_t value);
Tensor text_entry(const std::string& text);

/// Reads such entries back for a load_state_dict(). All readers throw ValueError that opens with
/// the component's name when the entry is missing or is of another kind.
class StateReader {
 public:
  StateReader(std::string component, const StateDict& dict);

  /// Throws unless "class" is the component's name and "groups" is `groups`.
  void check_writer(std::size_t groups) const;

  double number(const std::string& name) const;
  /// Throws also for a negative one: everything counted here starts at 0.
  std::int64_t count(const std::string& name) const;
  std::string text(const std::string& name) const;

 private:
  const Tensor& entry(const std::string& name, DType dtype, int dim) const;

  std::string component_;
  const StateDict& dict_;
};

}  // namespace tarn::optim::detail
