#pragma once

#include <utility>

#include <torch/types.h>

namespace torch::data {

namespace example {
/// The target of examples that have none.
struct NoTarget {};
}  // namespace example

/// One example, or several stacked ones: what goes into the model, and what should come out.
template <class Data = Tensor, class Target = Tensor>
struct Example {
  using DataType = Data;
  using TargetType = Target;

  Example() = default;
  Example(Data data_, Target target_) : data(std::move(data_)), target(std::move(target_)) {}

  Data data;
  Target target;
};

template <class Data>
struct Example<Data, example::NoTarget> {
  using DataType = Data;
  using TargetType = example::NoTarget;

  Example() = default;
  Example(Data data_) : data(std::move(data_)) {}  // NOLINT(google-explicit-constructor)
  operator Data&() { return data; }                // NOLINT(google-explicit-constructor)
  operator const Data&() const { return data; }    // NOLINT(google-explicit-constructor)

  Data data;
};

using TensorExample = Example<Tensor, example::NoTarget>;

}  // namespace torch::data
