#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/overlap.h>
#include <tarn/autograd/detail/view_history.h>
#include <tarn/autograd/detail/wrapped_number.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/comparison.h>
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

void check_operand(const char* op, const Tensor& self, const Tensor& other) {
  check_writable(op, self);
  if (broadcast_shapes(op, self.sizes(), other.sizes()) != self.sizes()) {
    throw ShapeError(str(op, ": an operand of shape ", other.sizes(),
                         " does not broadcast to the output's shape ", self.sizes(),
                         ", which cannot grow in place"));
  }
  if (!is_floating_point(self.dtype()) && is_floating_point(kernels::result_dtype(self, other))) {
    throw DTypeError(str(op, ": the result is ", kernels::result_dtype(self, other), ", which an ",
                         self.dtype(), " tensor cannot hold; convert it with .to() first"));
  }
}

bool is_recorded(const Tensor& self, const Tensor& other) {
  return is_grad_enabled() && (self.requires_grad() || other.requires_grad());
}

// Takes over the values and the history of `result`, which has self's shape and type.
void adopt(const char* op, const Tensor& self, const Tensor& result, const Where& where) {
  const TensorImpl& impl = self.impl();
  if ((impl.is_leaf && impl.requires_grad) || impl.storage->leaf_owners > 0) {
    throw AutogradError(str(op, ": a leaf that requires grad (shape ", self.sizes(),
                            "), or a view of one, cannot be changed in place while ops are "
                            "recorded; use a NoGradGuard for "
                            "updates, or clone() it"));
  }
  write_recorded(self, result, where);
}

void mark_changed(const Tensor& self) {
  TensorImpl& impl = self.impl();
  impl.storage->bump_version();
}

void check_alpha(const char* op, const Tensor& self, Scalar alpha) {
  if (is_floating_point(alpha.dtype()) && !is_floating_point(self.dtype())) {
    throw ValueError(str(op, ": alpha = ", alpha.to<double>(), " for ", self.dtype(),
                         " tensors: expected an integer"));
  }
}

// What the twin of an op that saves its first operand takes: the write would change the tensor
// itself.
Tensor kept(const Tensor& self, const Tensor& other, const Where& where) {
  return other.requires_grad() ? tarn::clone(self, where) : self;
}

// `other` as it was before self changes: a view of the same elements that lies differently is
// copied.
Tensor unshared(const Tensor& self, const Tensor& other) {
  const bool shares = self.impl().storage == other.impl().storage;
  const bool same =
      self.impl().data == other.impl().data && kernels::detail::same_layout(self, other);
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

// self = f(self), for ops that save their input, if anything.
template <class F>
const Tensor& replace(const char* op, const Tensor& self, const Where& where, F f) {
  require_defined(op, {&self});
  check_writable(op, self);
  if (is_recorded(self, self)) {
    adopt(op, self, f(tarn::clone(self, where)), where);
    return self;
  }
  kernels::copy_into(self, f(self));
  mark_changed(self);
  return self;
}

template <class Lanes>
auto as_element(Scalar number, const Lanes&) {
  return number.to<typename Lanes::Scalar>();
}

}  // namespace

const Tensor& Tensor::add_(const Tensor& other, Scalar alpha, Where where) const {
  require_defined("add_", {this, &other});
  check_alpha("add_", *this, alpha);
  const auto twin = [&] { return tarn::add(*this, other, alpha, where); };
  if (alpha.to<double>() == 1) {
    return update(
        "add_", *this, other, where, [](const auto& x, const auto& y) { return x + y; }, twin);
  }
  return update(
      "add_", *this, other, where,
      [alpha](const auto& x, const auto& y) { return x + y * as_element(alpha, y); }, twin);
}

const Tensor& Tensor::sub_(const Tensor& other, Scalar alpha, Where where) const {
  require_defined("sub_", {this, &other});
  check_alpha("sub_", *this, alpha);
  const auto twin = [&] { return sub(*this, other, alpha, where); };
  if (alpha.to<double>() == 1) {
    return update(
        "sub_", *this, other, where, [](const auto& x, const auto& y) { return x - y; }, twin);
  }
  return update(
      "sub_", *this, other, where,
      [alpha](const auto& x, const auto& y) { return x - y * as_element(alpha, y); }, twin);
}

const Tensor& Tensor::mul_(const Tensor& other, Where where) const {
  require_defined("mul_", {this, &other});
  return update(
      "mul_", *this, other, where, [](const auto& x, const auto& y) { return x * y; },
      [&] {
        const Tensor self = kept(*this, other, where);
        return mul(self, other.is_same(*this) ? self : other, where);
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
        const Tensor self = kept(*this, other, where);
        return div(self, other.is_same(*this) ? self : other, where);
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
  check_writable("copy_", *this);
  if (broadcast_shapes("copy_", sizes(), source.sizes()) != sizes()) {
    throw ShapeError(
        str("copy_: a source of shape ", source.sizes(), " does not broadcast to ", sizes()));
  }
  if (is_recorded(*this, source)) {
    adopt("copy_", *this,
          tarn::clone(tarn::expand(tarn::to(source, dtype(), where), sizes(), where), where),
          where);
    return *this;
  }
  kernels::copy_into(*this, unshared(*this, source));
  mark_changed(*this);
  return *this;
}

const Tensor& Tensor::fill_(Scalar value, Where where) const {
  require_defined("fill_", {this});
  check_writable("fill_", *this);
  if (is_recorded(*this, *this)) {
    adopt("fill_", *this, full(sizes(), value, {.dtype = dtype()}), where);
    return *this;
  }
  kernels::fill(*this, value);
  mark_changed(*this);
  return *this;
}

const Tensor& Tensor::clamp_(Scalar min, Scalar max, Where where) const {
  return replace("clamp_", *this, where,
                 [&](const Tensor& x) { return tarn::clamp(x, min, max, where); });
}

const Tensor& Tensor::masked_fill_(const Tensor& mask, Scalar value, Where where) const {
  require_defined("masked_fill_", {this, &mask});
  return replace("masked_fill_", *this, where,
                 [&](const Tensor& x) { return tarn::masked_fill(x, mask, value, where); });
}

}  // namespace tarn
