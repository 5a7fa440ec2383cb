#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/wrapped_number.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/kernels/elementwise.h>
#include <tarn/tensor/tensor.h>

// The in-place methods of Tensor. Where the graph must know, an in-place op is its out-of-place
// twin followed by a write: the tensor takes over the result's values and history.
namespace tarn {
namespace {

// From the smallest stride up, each dimension must step over all that the ones before it reach.
bool overlaps_itself(const Tensor& x) {
  if (x.is_dense()) return false;
  std::int64_t reach = 0;
  for (unsigned done = 0;;) {
    int next = -1;
    for (int d = 0; d < x.dim(); ++d) {
      if ((done >> d & 1U) != 0 || x.sizes()[d] == 1) continue;
      if (next < 0 || x.strides()[d] < x.strides()[next]) next = d;
    }
    if (next < 0) return false;
    if (x.strides()[next] <= reach) return true;
    reach += (x.sizes()[next] - 1) * x.strides()[next];
    done |= 1U << next;
  }
}

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
void adopt(const char* op, const Tensor& self, const Tensor& result) {
  TensorImpl& impl = self.impl();
  if ((impl.is_leaf && impl.requires_grad) || impl.storage->leaf_owners > 0) {
    throw AutogradError(str(op, ": a leaf that requires grad (shape ", self.sizes(),
                            "), or a view of one, cannot be changed in place while ops are "
                            "recorded; use a NoGradGuard for "
                            "updates, or clone() it"));
  }
  kernels::copy_into(self, result);
  impl.storage->bump_version();
  impl.storage->recorded_version = impl.storage->version();
  impl.history = result.impl().history;
  impl.requires_grad = result.requires_grad();
  impl.is_leaf = result.is_leaf();
  impl.history_version = impl.storage->version();
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
const Tensor& update(const char* op, const Tensor& self, const Tensor& other, F f, Twin twin) {
  check_operand(op, self, other);
  if (is_recorded(self, other)) {
    adopt(op, self, to(twin(), self.dtype()));
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
        "add_", *this, other, [](const auto& x, const auto& y) { return x + y; }, twin);
  }
  return update(
      "add_", *this, other,
      [alpha](const auto& x, const auto& y) { return x + y * as_element(alpha, y); }, twin);
}

const Tensor& Tensor::sub_(const Tensor& other, Scalar alpha, Where where) const {
  require_defined("sub_", {this, &other});
  check_alpha("sub_", *this, alpha);
  const auto twin = [&] { return sub(*this, other, alpha, where); };
  if (alpha.to<double>() == 1) {
    return update(
        "sub_", *this, other, [](const auto& x, const auto& y) { return x - y; }, twin);
  }
  return update(
      "sub_", *this, other,
      [alpha](const auto& x, const auto& y) { return x - y * as_element(alpha, y); }, twin);
}

const Tensor& Tensor::mul_(const Tensor& other, Where where) const {
  require_defined("mul_", {this, &other});
  return update(
      "mul_", *this, other, [](const auto& x, const auto& y) { return x * y; },
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
      "div_", *this, other, [](const auto& x, const auto& y) { return x / y; },
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
          tarn::clone(tarn::expand(tarn::to(source, dtype(), where), sizes(), where), where));
    return *this;
  }
  kernels::copy_into(*this, unshared(*this, source));
  mark_changed(*this);
  return *this;
}

const Tensor& Tensor::fill_(Scalar value) const {
  require_defined("fill_", {this});
  check_writable("fill_", *this);
  if (is_recorded(*this, *this)) {
    adopt("fill_", *this, full(sizes(), value, {.dtype = dtype()}));
    return *this;
  }
  kernels::fill(*this, value);
  mark_changed(*this);
  return *this;
}

const Tensor& Tensor::clamp_(Scalar min, Scalar max) const {
  require_defined("clamp_", {this});
  check_writable("clamp_", *this);
  if (!(min.to<double>() <= max.to<double>())) {
    throw ValueError(str("clamp_: min = ", min.to<double>(), ", max = ", max.to<double>(),
                         ": expected min <= max"));
  }
  if (is_recorded(*this, *this)) {
    throw AutogradError(str("clamp_: a tensor that requires grad (shape ", sizes(),
                            ") is clamped outside the graph only; use a NoGradGuard"));
  }
  kernels::visit_numeric("clamp_", dtype(), [&]<class T>() {
    const T low = min.to<T>();
    const T high = max.to<T>();
    // Comparisons with NaN are false, so NaN stays.
    kernels::map_into<kernels::kLanes<T>, T, T>(
        *this,
        [low, high](const auto& v) {
          return kernels::each([low, high](T e) { return e < low ? low : (e > high ? high : e); },
                               v);
        },
        *this);
  });
  mark_changed(*this);
  return *this;
}

}  // namespace tarn
