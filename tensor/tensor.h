#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include <tarn/tensor/device.h>
#include <tarn/tensor/dtype.h>
#include <tarn/tensor/removable_handle.h>
#include <tarn/tensor/scalar.h>
#include <tarn/tensor/shape.h>
#include <tarn/tensor/tensor_impl.h>
#include <tarn/tensor/where.h>

namespace tarn {

struct BackwardOptions;
struct ValuesIndices;
struct Index;
class Node;

/// An n-d array with reverse-mode autograd. A handle: copying it shares the elements, `clone()`
/// copies them.
///
/// A default-constructed tensor is *undefined*: it has no elements and no shape, and every op
/// refuses it by name. Methods that mirror a free function (`x.sum()` and `sum(x)`) are documented
/// at the function, in autograd/ops/. A trailing underscore means in place. Constness is the
/// handle's: a const Tensor can be written through.
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(intrusive_ptr<TensorImpl> impl) : impl_(std::move(impl)) {}
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(const Tensor&) & = default;
  Tensor& operator=(Tensor&&) & noexcept = default;
  /// `x[0] = y` and `p.grad() = g` would only change a temporary handle; write `x[0].copy_(y)` and
  /// `p.set_grad(g)`.
  void operator=(const Tensor&) && = delete;
  ~Tensor() = default;

  // ---- what it is
  // -----------------------------------------------------------------------------------------------

  bool defined() const { return static_cast<bool>(impl_); }
  /// Sizes of the dimensions; `shape()` is the same. Throws ValueError on an undefined tensor, as
  /// all of these do.
  const Shape& sizes() const { return impl().sizes; }
  const Shape& shape() const { return impl().sizes; }
  /// Steps between neighbours along each dimension, in elements.
  const Shape& strides() const { return impl().strides; }
  /// Size of dimension `d`, which may count from the end. Throws IndexError.
  std::int64_t size(std::int64_t d) const;
  /// Stride of dimension `d`, which may count from the end. Throws IndexError.
  std::int64_t stride(std::int64_t d) const;
  /// Number of dimensions.
  int dim() const { return impl().sizes.size(); }
  /// Number of elements.
  std::int64_t numel() const { return impl().numel; }
  DType dtype() const { return impl().dtype; }
  /// The CPU, always.
  Device device() const { return DeviceType::cpu; }
  /// Row-major and without gaps.
  bool is_contiguous() const;
  /// Without gaps or overlap in some order of the dimensions: a transposed matrix is.
  bool is_dense() const;
  /// Both handles are the same tensor object.
  bool is_same(const Tensor& other) const { return impl_ == other.impl_; }
  /// Writes so far to the elements, counted over all views of them.
  std::uint32_t version() const { return impl().storage()->version(); }

  // ---- elements
  // -------------------------------------------------------------------------------------------------

  /// The first element. T is one of float, double, int64_t, int32_t, uint8_t, bool and must match
  /// dtype(). Elements lie at `strides()`. Writing through it is not seen by autograd. Throws
  /// DTypeError.
  template <class T>
  T* data_ptr() const {
    check_dtype(dtype_of<T>);
    return reinterpret_cast<T*>(impl_->data());
  }
  /// The value of a tensor with one element, converted to T. Throws ValueError when there is not
  /// exactly one.
  template <class T = double>
  T item() const {
    return item_scalar().template to<T>();
  }
  /// All elements in row-major order, converted to T.
  template <class T = double>
  std::vector<T> to_vector() const;

  // ---- copies and views
  // -------------------------------------------------------------------------------------------

  Tensor clone(Where where = Where::current()) const;
  Tensor contiguous(Where where = Where::current()) const;
  Tensor to(DType dtype, Where where = Where::current()) const;
  /// The tensor itself. Throws ValueError for any other device than the CPU.
  Tensor to(const Device& device) const;
  Tensor to(const Device& device, DType dtype, Where where = Where::current()) const;
  Tensor cpu() const { return *this; }
  /// The same elements outside the graph: never requires grad.
  Tensor detach() const;
  /// detach()
  Tensor data() const { return detach(); }
  Tensor view(const Shape& shape, Where where = Where::current()) const;
  Tensor reshape(const Shape& shape, Where where = Where::current()) const;
  Tensor flatten(std::int64_t start_dim = 0, std::int64_t end_dim = -1,
                 Where where = Where::current()) const;
  Tensor transpose(std::int64_t dim0, std::int64_t dim1, Where where = Where::current()) const;
  Tensor t(Where where = Where::current()) const;
  Tensor permute(const Shape& dims, Where where = Where::current()) const;
  Tensor squeeze(Where where = Where::current()) const;
  Tensor squeeze(std::int64_t dim, Where where = Where::current()) const;
  Tensor unsqueeze(std::int64_t dim, Where where = Where::current()) const;
  Tensor expand(const Shape& shape, Where where = Where::current()) const;
  /// expand(other.sizes()), and likewise below.
  Tensor expand_as(const Tensor& other, Where where = Where::current()) const;
  Tensor view_as(const Tensor& other, Where where = Where::current()) const;
  Tensor reshape_as(const Tensor& other, Where where = Where::current()) const;
  Tensor repeat(const Shape& repeats, Where where = Where::current()) const;
  Tensor select(std::int64_t dim, std::int64_t index, Where where = Where::current()) const;
  Tensor slice(std::int64_t dim, std::int64_t start, std::int64_t end, std::int64_t step = 1,
               Where where = Where::current()) const;
  Tensor narrow(std::int64_t dim, std::int64_t start, std::int64_t length,
                Where where = Where::current()) const;
  /// `x[i]`: select(0, i).
  Tensor operator[](std::int64_t index) const { return select(0, index); }
  /// `x.index({0, Slice(1, 3), mask})`: Python's x[0, 1:3, mask]; see tarn::index.
  Tensor index(const std::vector<Index>& indices, Where where = Where::current()) const;
  Tensor index_select(std::int64_t dim, const Tensor& index, Where where = Where::current()) const;
  Tensor gather(std::int64_t dim, const Tensor& index, Where where = Where::current()) const;
  Tensor scatter(std::int64_t dim, const Tensor& index, const Tensor& source,
                 Where where = Where::current()) const;
  Tensor scatter(std::int64_t dim, const Tensor& index, Scalar value,
                 Where where = Where::current()) const;
  Tensor scatter_add(std::int64_t dim, const Tensor& index, const Tensor& source,
                     Where where = Where::current()) const;
  Tensor masked_select(const Tensor& mask, Where where = Where::current()) const;
  Tensor masked_fill(const Tensor& mask, Scalar value, Where where = Where::current()) const;
  Tensor flip(const Shape& dims, Where where = Where::current()) const;
  std::vector<Tensor> split(std::int64_t split_size, std::int64_t dim = 0,
                            Where where = Where::current()) const;
  std::vector<Tensor> chunk(std::int64_t chunks, std::int64_t dim = 0,
                            Where where = Where::current()) const;

  // ---- in place
  // -------------------------------------------------------------------------------------------------
  // All return the tensor itself. Operands broadcast to its shape and convert to its dtype as
  // PyTorch's do. Throw AutogradError on a leaf that requires grad unless a NoGradGuard is active,
  // and ShapeError when the tensor's elements overlap (an expanded view).

  const Tensor& fill_(Scalar value, Where where = Where::current()) const;
  const Tensor& zero_(Where where = Where::current()) const { return fill_(0, where); }
  const Tensor& copy_(const Tensor& source, Where where = Where::current()) const;
  /// this += alpha * other
  const Tensor& add_(const Tensor& other, Scalar alpha = 1, Where where = Where::current()) const;
  const Tensor& add_(Scalar other, Where where = Where::current()) const;
  /// this -= alpha * other
  const Tensor& sub_(const Tensor& other, Scalar alpha = 1, Where where = Where::current()) const;
  const Tensor& sub_(Scalar other, Where where = Where::current()) const;
  const Tensor& mul_(const Tensor& other, Where where = Where::current()) const;
  const Tensor& mul_(Scalar other, Where where = Where::current()) const;
  const Tensor& div_(const Tensor& other, Where where = Where::current()) const;
  const Tensor& div_(Scalar other, Where where = Where::current()) const;
  /// 1 where the elements are equal, else 0.
  const Tensor& eq_(const Tensor& other, Where where = Where::current()) const;
  const Tensor& eq_(Scalar other, Where where = Where::current()) const;
  /// tarn::uniform_ and tarn::normal_: draws from U[low, high) and N(mean, std^2).
  const Tensor& uniform_(double low = 0, double high = 1) const;
  const Tensor& normal_(double mean = 0, double std = 1) const;
  /// Limits every element to [min, max]; NaN stays.
  const Tensor& clamp_(Scalar min, Scalar max, Where where = Where::current()) const;
  /// Sets the elements where `mask` (bool, broadcasts) is true.
  const Tensor& masked_fill_(const Tensor& mask, Scalar value,
                             Where where = Where::current()) const;
  /// `x.index_put_({0, Slice(1, 3)}, values)`: Python's x[0, 1:3] = values; see tarn::index_put_.
  const Tensor& index_put_(const std::vector<Index>& indices, const Tensor& values,
                           bool accumulate = false, Where where = Where::current()) const;
  const Tensor& index_put_(const std::vector<Index>& indices, Scalar value,
                           Where where = Where::current()) const;
  /// `zeros({N, 10}).scatter_(1, y.unsqueeze(1), 1)`: one-hot rows; see tarn::scatter.
  const Tensor& scatter_(std::int64_t dim, const Tensor& index, const Tensor& source,
                         Where where = Where::current()) const;
  const Tensor& scatter_(std::int64_t dim, const Tensor& index, Scalar value,
                         Where where = Where::current()) const;
  const Tensor& operator+=(const Tensor& other) const { return add_(other); }
  const Tensor& operator-=(const Tensor& other) const { return sub_(other); }
  const Tensor& operator*=(const Tensor& other) const { return mul_(other); }
  const Tensor& operator/=(const Tensor& other) const { return div_(other); }
  const Tensor& operator+=(Scalar other) const { return add_(other); }
  const Tensor& operator-=(Scalar other) const { return sub_(other); }
  const Tensor& operator*=(Scalar other) const { return mul_(other); }
  const Tensor& operator/=(Scalar other) const { return div_(other); }

  // ---- arithmetic and reductions
  // ----------------------------------------------------------------------------------

  Tensor add(const Tensor& other, Scalar alpha = 1, Where where = Where::current()) const;
  Tensor sub(const Tensor& other, Scalar alpha = 1, Where where = Where::current()) const;
  Tensor mul(const Tensor& other, Where where = Where::current()) const;
  Tensor div(const Tensor& other, Where where = Where::current()) const;
  Tensor add(Scalar other, Where where = Where::current()) const;
  Tensor sub(Scalar other, Where where = Where::current()) const;
  Tensor mul(Scalar other, Where where = Where::current()) const;
  Tensor div(Scalar other, Where where = Where::current()) const;
  Tensor neg(Where where = Where::current()) const;
  Tensor exp(Where where = Where::current()) const;
  Tensor log(Where where = Where::current()) const;
  Tensor sqrt(Where where = Where::current()) const;
  Tensor square(Where where = Where::current()) const;
  Tensor abs(Where where = Where::current()) const;
  Tensor pow(Scalar exponent, Where where = Where::current()) const;
  Tensor pow(const Tensor& exponent, Where where = Where::current()) const;
  Tensor clamp(Scalar min, Scalar max, Where where = Where::current()) const;
  Tensor relu(Where where = Where::current()) const;
  Tensor tanh(Where where = Where::current()) const;
  Tensor sigmoid(Where where = Where::current()) const;
  Tensor softmax(std::int64_t dim, Where where = Where::current()) const;
  Tensor log_softmax(std::int64_t dim, Where where = Where::current()) const;
  Tensor matmul(const Tensor& other, Where where = Where::current()) const;
  Tensor mm(const Tensor& other, Where where = Where::current()) const;
  /// Sum of all elements, shape [].
  Tensor sum(Where where = Where::current()) const;
  Tensor sum(const Shape& dims, bool keepdim = false, Where where = Where::current()) const;
  /// Mean of all elements, shape [].
  Tensor mean(Where where = Where::current()) const;
  Tensor mean(const Shape& dims, bool keepdim = false, Where where = Where::current()) const;
  Tensor var(const Shape& dims = {}, double correction = 1, bool keepdim = false,
             Where where = Where::current()) const;
  Tensor std(const Shape& dims = {}, double correction = 1, bool keepdim = false,
             Where where = Where::current()) const;
  Tensor norm(double p = 2, const Shape& dims = {}, bool keepdim = false,
              Where where = Where::current()) const;
  Tensor prod(Where where = Where::current()) const;
  Tensor prod(std::int64_t dim, bool keepdim = false, Where where = Where::current()) const;
  Tensor cumsum(std::int64_t dim, Where where = Where::current()) const;
  Tensor max(Where where = Where::current()) const;
  ValuesIndices max(std::int64_t dim, bool keepdim = false, Where where = Where::current()) const;
  Tensor min(Where where = Where::current()) const;
  ValuesIndices min(std::int64_t dim, bool keepdim = false, Where where = Where::current()) const;
  Tensor argmax() const;
  Tensor argmax(std::int64_t dim, bool keepdim = false) const;
  Tensor argmin() const;
  Tensor argmin(std::int64_t dim, bool keepdim = false) const;
  ValuesIndices sort(std::int64_t dim = -1, bool descending = false,
                     Where where = Where::current()) const;
  ValuesIndices topk(std::int64_t k, std::int64_t dim = -1, bool largest = true,
                     Where where = Where::current()) const;
  Tensor eq(const Tensor& other) const;
  Tensor eq(Scalar other) const;
  Tensor ne(const Tensor& other) const;
  Tensor ne(Scalar other) const;
  Tensor lt(const Tensor& other) const;
  Tensor lt(Scalar other) const;
  Tensor le(const Tensor& other) const;
  Tensor le(Scalar other) const;
  Tensor gt(const Tensor& other) const;
  Tensor gt(Scalar other) const;
  Tensor ge(const Tensor& other) const;
  Tensor ge(Scalar other) const;
  Tensor any() const;
  Tensor any(std::int64_t dim, bool keepdim = false) const;
  Tensor all() const;
  Tensor all(std::int64_t dim, bool keepdim = false) const;

  // ---- autograd
  // -------------------------------------------------------------------------------------------------

  bool requires_grad() const {
    if (impl().is_stale()) refresh_history();
    return impl_->requires_grad;
  }
  /// Makes a leaf take part in the graph, or not. Throws DTypeError for integer types and
  /// AutogradError when asked to take a non-leaf out of its graph (use detach()).
  const Tensor& requires_grad_(bool requires_grad = true) const;
  /// Not the result of a recorded op.
  bool is_leaf() const {
    if (impl().is_stale()) refresh_history();
    return impl_->is_leaf;
  }
  /// The recorded op that computed it, null for a leaf: `x.grad_fn()->name()`.
  intrusive_ptr<Node> grad_fn() const;
  /// The name of the op that computed it: "add"; empty for a leaf.
  std::string grad_fn_name() const;
  /// The accumulated gradient; undefined before the first backward().
  Tensor grad() const { return Tensor(impl().grad); }
  /// Sets the gradient: same shape and dtype, or undefined to clear it. Throws ShapeError,
  /// DTypeError.
  void set_grad(const Tensor& grad) const;
  /// Adds d(this)/d(leaf) to the grad of every leaf that requires grad. This tensor must have one
  /// element, or `gradient` (its shape and dtype) says with what to multiply from the left. See
  /// BackwardOptions for the rest. Throws AutogradError when there is no graph, it was freed, or a
  /// saved tensor was changed in place since; the grads of all leaves are then as before.
  void backward() const;
  /// A template, so that `backward({})` means the options.
  template <class T>
  requires std::is_same_v<T, Tensor>
  void backward(const T& gradient) const { backward_from(gradient); }
  void backward(const BackwardOptions& options) const;

  /// Calls `hook(gradient)` in each backward() or grad() as soon as the whole gradient with respect
  /// to this tensor is known; a tensor that the hook returns, of the same shape and dtype, takes
  /// its place. The hook must not change its argument in place. An exception ends the pass, and all
  /// grads stay as they were. Hooks run in the order of registration, on the thread of the
  /// backward(). They belong to the recorded value: an in-place op or requires_grad_(false) leaves
  /// them behind. A hook that captures its own tensor keeps it alive for ever: capture a detach().
  /// Throws AutogradError for a tensor that does not require grad.
  template <class F>
  RemovableHandle register_hook(F hook) const {
    if constexpr (std::is_void_v<std::invoke_result_t<F&, const Tensor&>>) {
      return add_hook([hook = std::move(hook)](const Tensor& gradient) mutable {
        hook(gradient);
        return Tensor();
      });
    } else {
      return add_hook(std::move(hook));
    }
  }
  /// Calls `hook(leaf)` after each backward() that added to this leaf's grad, when the grads of all
  /// leaves are complete: they stay so if the hook throws. Throws AutogradError unless the tensor
  /// is a leaf that requires grad.
  RemovableHandle register_post_accumulate_grad_hook(std::function<void(const Tensor&)> hook) const;
  /// Makes backward() add to the grad() of this result of an op as it does for leaves, after its
  /// hooks; nothing to do for a leaf. Throws AutogradError for a tensor that does not require grad.
  void retain_grad() const;
  /// retain_grad() was called on it, and it is not a leaf.
  bool retains_grad() const { return !is_leaf() && impl_->grad_owner; }

  // ---- internals
  // ------------------------------------------------------------------------------------------------

  /// The object behind the handle. Throws ValueError when the tensor is undefined.
  TensorImpl& impl() const {
    if (!impl_) throw_undefined();
    return *impl_;
  }
  const intrusive_ptr<TensorImpl>& impl_ptr() const { return impl_; }

 private:
  [[noreturn]] static void throw_undefined();
  void refresh_history() const;
  void backward_from(const Tensor& gradient) const;
  RemovableHandle add_hook(std::function<Tensor(const Tensor&)> hook) const;
  void check_dtype(DType expected) const {
    if (dtype() != expected) throw_dtype(expected);
  }
  [[noreturn]] void throw_dtype(DType expected) const;
  Scalar item_scalar() const;

  intrusive_ptr<TensorImpl> impl_;
};

/// What backward() does besides accumulating.
struct BackwardOptions {
  Tensor gradient{};          ///< d(objective)/d(this); by default 1 for a tensor with one element
  bool retain_graph = false;  ///< keep the saved tensors for another backward()
  bool create_graph =
      false;  ///< record the backward pass too, for higher derivatives; implies retain_graph
};

/// "tensor([[1., 2.], [3., 4.]])", as PyTorch prints it in Python: 4 digits, and large tensors
/// shortened.
std::string to_string(const Tensor& tensor);

}  // namespace tarn
