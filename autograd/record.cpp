#include <tarn/autograd/detail/nan_checks.h>
#include <tarn/autograd/detail/profile_scope.h>
#include <tarn/autograd/detail/view_history.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::detail {

void check_history(const Op& op, const Tensor& input) {
  if (!input.defined()) return;
  TensorImpl& impl = input.impl();
  if (!impl.is_stale()) return;
  refresh_history(input);
  if (!impl.is_stale()) return;
  throw AutogradError(str(
      op.name(), ": an operand of shape ", impl.sizes,
      " shares its elements with a tensor that an in-place op changed after it was made (version ",
      impl.storage()->recorded_version, ", made at ", impl.history_version,
      "), so its gradient is unknown; make a view again after the change, or clone() before it; "
      "write plain values into parts of a tensor with copy_(y.detach()) or under a NoGradGuard"));
}

void set_history(const Tensor& value, const intrusive_ptr<Node>& node) {
  TensorImpl& impl = value.impl();
  node->sizes = impl.sizes;
  node->dtype = impl.dtype;
  impl.history = intrusive_ptr<History>(node.get());
  impl.requires_grad = true;
  impl.is_leaf = false;
  impl.history_version = impl.storage()->version();
  if (is_anomaly_enabled()) note_result(*node, value);
  if (current_profiler()) profile_op(*node);
}

}  // namespace tarn::detail
