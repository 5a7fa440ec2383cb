#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/operand.h>
#include <tarn/autograd/detail/view_history.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/indexing.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/kernels/elementwise.h>
#include <tarn/tensor/tensor.h>

// The in-place methods of Tensor. Where the graph must know, an in-place op is its out-of-place
// twin followed by a write: the tensor takes over the result's values and history.
namespace tarn {
namespace {

void check_writable(const char* op, const Tensor& self) {
  if (overlaps_itself(self)) {
    throw ShapeError(str(op, ": the output overlaps itself (shape ", self.sizes(), ", strides ",
                         self.strides(), "); clone() it first"));
  }
}

void check_holds(const char* op, const Tensor& self, DType result) {
  if (kernels::can_cast(result, self.dtype())) return;
  throw DTypeError(str(op, ": the result is ", result, ", which a ", self.dtype(),
                       " tensor cannot hold; convert it with .to() first"));
}

void check_operand(const char* op, const Tensor& self, const Tensor& other) {
  check_writable(op, self);
  if (broadcast_shapes(op, self.sizes(), other.sizes()) != self.sizes()) {
    throw ShapeError(str(op, ": an operand of shape ", other.sizes(),
                         " does not broadcast to the output's shape ", self.sizes(),
                         ", which cannot grow in place"));
  }
  check_holds(op, self, kernels::result_dtype(self, other));
}

bool is_recorded(const Tensor& self, const Tensor& other) {
  return is_grad_enabled() && (self.requires_grad() || other.requires_grad());
}

// Takes over the values and the history of `result`, which has self's shape and type.
void adopt(const char* op, const Tensor& self, const Tensor& result, const Where& where) {
  TensorImpl& impl = self.impl();
  if ((impl.is_leaf && impl.requires_grad) || impl.storage()->leaf_owners > 0) {
    throw AutogradError(str(op, ": a leaf that requires grad (shape ", self.sizes(),
                            "), or a view of one, cannot be changed in place while ops are "
                            "recorded; use a NoGradGuard for "
                            "updates, or clone() it"));
  }
  write_recorded(self, result, where);
}

void mark_changed(const Tensor& self) { self.impl().storage()->bump_version(); }

// f(self, other) for a twin that saves its first operand, which the write would change.
template <class F>
Tensor on_kept(const Tensor& self, const Tensor& other, const Where& where, F f) {
  const Tensor kept = other.requires_grad() ? clone(self, where) : self;
  return f(kept, other.is_same(self) ? kept : other);
}

// `other` as it was before self changes: a view of the same elements that lies differently is
// copied.
Tensor unshared(const Tensor& self, const Tensor& other) {
  const bool shares = self.impl().storage() == other.impl().storage();
  const bool same =
      self.impl().data() == other.impl().data() && kernels::detail::same_layout(self, other);
  return shares && !same ? clone(other.detach()) : other;
}

// self = f(self, other), or the recorded twin.
template <class F, class Twin>
const Tensor& update(const char* op, const Tensor& self, const Tensor& other, const Where& where,
                     F f, Twin twin) {
  check_operand(op, self, other);
  if (is_recorded(self, other)) {
    adopt(op, self, to(twin(), self.dtype(), where), where);
    return self;
  }
  const DType dtype = kernels::result_dtype(self, other);
  const Tensor operand = kernels::cast(unshared(self, other), dtype);
  if (dtype == self.dtype()) {
    kernels::visit_numeric(op, dtype, [&]<class T>() {
      kernels::map_into<kernels::kLanes<T>, T, T, T>(self, f, self, operand);
    });
  } else {
    kernels::copy_into(self, kernels::zip_numeric(op, self, operand, dtype, f));
  }
  mark_changed(self);
  return self;
}

// self = f(self, alpha other), where f adds or subtracts.
template <class F, class Twin>
const Tensor& combine(const char* op, const Tensor& self, const Tensor& other, Scalar alpha,
                      const Where& where, F f, Twin twin) {
  if (is_floating_point(alpha.dtype()) && !is_floating_point(self.dtype())) {
    throw ValueError(str(op, ": alpha = ", alpha.to<double>(), " for ", self.dtype(),
                         " tensors: expected an integer"));
  }
  if (alpha.to<double>() == 1) return update(op, self, other, where, f, twin);
  const auto scaled = [alpha, f](const auto& x, const auto& y) {
    return f(x, y * kernels::element<kernels::ElementOf<decltype(y)>>(alpha));
  };
  return update(op, self, other, where, scaled, twin);
}

// self = f(self), for ops that save their input, if anything; f may use `other` too.
template <class F>
const Tensor& replace(const char* op, const Tensor& self, const Tensor& other, const Where& where,
                      F f) {
  require_defined(op, {&self, &other});
  check_writable(op, self);
  if (is_recorded(self, other)) {
    adopt(op, self, f(tarn::clone(self, where)), where);
    return self;
  }
  const Tensor result = f(self);
  check_holds(op, self, result.dtype());
  kernels::copy_into(self, result);
  mark_changed(self);
  return self;
}

const Tensor& assign(const char* op, const Tensor& self, const Tensor& source, const Where& where) {
  check_writable(op, self);
  if (broadcast_shapes(op, self.sizes(), source.sizes()) != self.sizes()) {
    throw ShapeError(
        str(op, ": a source of shape ", source.sizes(), " does not broadcast to ", self.sizes()));
  }
  if (is_recorded(self, source)) {
    const Tensor values = to(source, self.dtype(), where);
    // A source without history leaves one all the same: that no gradient passes.
    adopt(op, self,
          source.requires_grad() ? clone(expand(values, self.sizes(), where), where)
                                 : tarn::where(scalar_tensor(true), values, self, where),
          where);
    return self;
  }
  kernels::copy_into(self, unshared(self, source));
  mark_changed(self);
  return self;
}

}  // namespace

const Tensor& Tensor::add_(const Tensor& other, Scalar alpha, Where where) const {
  require_defined("add_", {this, &other});
  return combine(
      "add_", *this, other, alpha, where, [](const auto& x, const auto& y) { return x + y; },
      [&] { return tarn::add(*this, other, alpha, where); });
}

const Tensor& Tensor::sub_(const Tensor& other, Scalar alpha, Where where) const {
  require_defined("sub_", {this, &other});
  return combine(
      "sub_", *this, other, alpha, where, [](const auto& x, const auto& y) { return x - y; },
      [&] { return tarn::sub(*this, other, alpha, where); });
}

const Tensor& Tensor::mul_(const Tensor& other, Where where) const {
  require_defined("mul_", {this, &other});
  return update(
      "mul_", *this, other, where, [](const auto& x, const auto& y) { return x * y; },
      [&] {
        return on_kept(*this, other, where,
                       [&](auto& x, auto& y) { return tarn::mul(x, y, where); });
      });
}

const Tensor& Tensor::div_(const Tensor& other, Where where) const {
  require_defined("div_", {this, &other});
  if (!is_floating_point(dtype())) {
    throw DTypeError(
        str("div_: a quotient is float32, which an ", dtype(), " tensor cannot hold; use div()"));
  }
  return update(
      "div_", *this, other, where, [](const auto& x, const auto& y) { return x / y; },
      [&] {
        return on_kept(*this, other, where,
                       [&](auto& x, auto& y) { return tarn::div(x, y, where); });
      });
}

const Tensor& Tensor::add_(Scalar other, Where where) const {
  return add_(wrapped("add_", other, *this), 1, where);
}
const Tensor& Tensor::sub_(Scalar other, Where where) const {
  return sub_(wrapped("sub_", other, *this), 1, where);
}
const Tensor& Tensor::mul_(Scalar other, Where where) const {
  return mul_(wrapped("mul_", other, *this), where);
}
const Tensor& Tensor::div_(Scalar other, Where where) const {
  return div_(wrapped("div_", other, *this), where);
}

const Tensor& Tensor::copy_(const Tensor& source, Where where) const {
  require_defined("copy_", {this, &source});
  return assign("copy_", *this, source, where);
}

const Tensor& Tensor::fill_(Scalar value, Where where) const {
  require_defined("fill_", {this});
  return assign("fill_", *this, scalar_tensor(value, {.dtype = dtype()}), where);
}

const Tensor& Tensor::clamp_(Scalar min, Scalar max, Where where) const {
  return replace("clamp_", *this, *this, where,
                 [&](const Tensor& x) { return tarn::clamp(x, min, max, where); });
}

const Tensor& Tensor::scatter_(std::int64_t dim, const Tensor& index, const Tensor& source,
                               Where where) const {
  require_defined("scatter_", {this, &index, &source});
  return replace("scatter_", *this, source, where,
                 [&](const Tensor& x) { return tarn::scatter(x, dim, index, source, where); });
}

const Tensor& Tensor::scatter_(std::int64_t dim, const Tensor& index, Scalar value,
                               Where where) const {
  return replace("scatter_", *this, index, where,
                 [&](const Tensor& x) { return tarn::scatter(x, dim, index, value, where); });
}

const Tensor& Tensor::masked_fill_(const Tensor& mask, Scalar value, Where where) const {
  return replace("masked_fill_", *this, mask, where,
                 [&](const Tensor& x) { return tarn::masked_fill(x, mask, value, where); });
}

}  // namespace tarn
