#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// A tensor that an op keeps for its gradient. It notices when the elements are changed in place in
/// the meantime.
class SavedTensor {
 public:
  /// The tensor as it is now. Throws AutogradError, naming the op and its place in the program,
  /// when it was changed since. Only to be called while the op's gradient is computed.
  Tensor get() const;

 private:
  friend SavedTensor saved(const Tensor& input);
  friend SavedTensor saved_output(const Tensor& output);
  SavedTensor(Tensor tensor, bool is_output)
      : tensor_(std::move(tensor)),
        version_(tensor_.defined() ? tensor_.version() : 0),
        is_output_(is_output) {}

  Tensor tensor_;
  std::uint32_t version_;
  bool is_output_;
};

/// Keeps an input of the op.
SavedTensor saved(const Tensor& input);

/// Keeps the op's own result, without making the graph own itself in a circle.
SavedTensor saved_output(const Tensor& output);

}  // namespace tarn
