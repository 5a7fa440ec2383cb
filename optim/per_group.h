#pragma once

#include <concepts>
#include <initializer_list>
#include <utility>
#include <vector>

#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

/// One value for all parameter groups, or one for each: `.max_lr = 0.1` or `.max_lr = {0.1, 0.01}`.
/// Values beyond the number of groups are for groups to come.
template <class T>
class PerGroup {
 public:
  template <std::convertible_to<T> U>
  PerGroup(U all) : values_{T(std::move(all))} {}  // NOLINT(google-explicit-constructor)
  PerGroup(std::initializer_list<T> each) : values_(each) {}

  /// The value of group `group`. Throws ValueError when there are several, but none for it.
  const T& operator[](std::size_t group) const {
    if (values_.size() == 1) return values_[0];
    if (group < values_.size()) return values_[group];
    throw ValueError(str("schedule: there are ", values_.size(), " values but none for group ",
                         group, ": expected one for all groups or one for each"));
  }

  /// All values, to check them.
  const std::vector<T>& values() const { return values_; }

 private:
  std::vector<T> values_;
};

}  // namespace tarn::optim
