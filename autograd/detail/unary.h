#pragma once

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/kernels/elementwise.h>

// Most functions of one tensor: values by a kernel on Lanes (integers become float32 first), and a
// gradient written with differentiable ops.
namespace tarn {

/// The result of `op` on x, whose gradient is `gradient(g, x)`.
template <class F, class G>
Tensor unary_of_input(const Op& op, const Tensor& x, const Where& where, F f, G gradient) {
  require_defined(op.name(), {&x});
  return record(op, where, kernels::map_floating(op.name(), x, f),
                wrt(x, [x = saved(x), gradient](const Tensor& g) { return gradient(g, x.get()); }));
}

/// The result y of `op` on x, whose gradient is `gradient(g, y)`.
template <class F, class G>
Tensor unary_of_output(const Op& op, const Tensor& x, const Where& where, F f, G gradient) {
  require_defined(op.name(), {&x});
  const Tensor y = kernels::map_floating(op.name(), x, f);
  return record(op, where, y, wrt(x, [y = saved_output(y), gradient](const Tensor& g) {
                  return gradient(g, y.get());
                }));
}

/// A function of one element as one of Lanes.
template <class F>
auto on_each(F f) {
  return [f](const auto& v) {
    return kernels::each([f](kernels::ElementOf<decltype(v)> e) { return f(e); }, v);
  };
}

}  // namespace tarn
