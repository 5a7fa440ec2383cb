#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <tarn/tensor/tensor.h>

namespace tarn {

namespace detail {
struct Hooks;
struct DeleteHooks {
  void operator()(Hooks* hooks) const noexcept;
};
}  // namespace detail

/// A kind of differentiable operation. Each op has one static object, which lists it in
/// `registered_ops()`, unless it is a user's.
class Op {
 public:
  explicit Op(const char* name, bool listed = true);
  const char* name() const { return name_; }

 private:
  const char* name_;
};

/// The names of all differentiable ops in the program, sorted.
std::vector<std::string> registered_ops();

/// A gradient as the sum of what the rows of a batch (dimension 0) add to it, for an op that works
/// on each row alone.
struct RowGradients {
  /// What rows start .. start + count - 1 add; null for an op that cannot tell.
  std::function<Tensor(std::int64_t start, std::int64_t count)> sum{};
  /// When defined, [R, *]: row r adds the outer product of rows r of the op's gradient and of this.
  Tensor factor{};
};

/// One recorded operation: it turns the gradient of its output into the gradients of its inputs.
class Node : public History {
 public:
  using Edge = intrusive_ptr<Node>;

  const char* name() const { return name_; }
  const Where& where() const { return where_; }
  /// One per input; null where the input needs no gradient.
  std::span<Edge> edges() const { return edges_; }

  /// d(objective)/d(input i), given d(objective)/d(output). Only called for inputs with an edge.
  virtual Tensor input_gradient(std::size_t i, const Tensor& grad) = 0;
  /// The same by rows, for per_sample_gradients().
  virtual RowGradients row_gradients(std::size_t, const Tensor&) { return {}; }
  /// Frees the saved tensors.
  virtual void release_saved() = 0;
  /// The leaf whose gradient this node collects; null for ops, and for a leaf that is gone.
  virtual TensorImpl* leaf() const { return nullptr; }
  /// The tensor whose grad the gradient is added to: the leaf, or a result that retains it.
  TensorImpl* grad_owner() const {
    TensorImpl* const own = leaf();
    return own || !hooks ? own : retaining_tensor();
  }

  static void* operator new(std::size_t bytes);
  static void operator delete(void* block, std::size_t bytes) noexcept;

  /// Shape and type of the tensor whose gradient flows to this node.
  Shape sizes;
  DType dtype = DType::float32;

  bool released = false;                                      ///< the saved tensors are gone
  std::unique_ptr<detail::Hooks, detail::DeleteHooks> hooks;  ///< null when there are none
  // The engine's marks: which pass visited the node last, and where in its order the node stands.
  std::uint64_t pass = 0;
  std::size_t position = 0;

 protected:
  Node(const char* name, const Where& where) : name_(name), where_(where) {}
  void set_edges(std::span<Edge> edges) { edges_ = edges; }

 private:
  void last_owner_left() noexcept final;
  TensorImpl* retaining_tensor() const;

  const char* name_;
  Where where_;
  std::span<Edge> edges_;
};

/// The node that `tensor`'s gradient flows to: the op that made it, or the collector of a leaf
/// (made on first use). Null for a tensor that does not require grad.
intrusive_ptr<Node> gradient_node(const Tensor& tensor);

/// "mul (line 42 of model.cpp)"
std::string describe(const Node& node);

/// The node whose input_gradient is running on this thread; null outside backward.
Node* current_node();

/// Sets current_node() for a scope.
class CurrentNodeGuard {
 public:
  explicit CurrentNodeGuard(Node* node);
  ~CurrentNodeGuard();
  CurrentNodeGuard(const CurrentNodeGuard&) = delete;
  CurrentNodeGuard& operator=(const CurrentNodeGuard&) = delete;

 private:
  Node* previous_;
};

}  // namespace tarn
