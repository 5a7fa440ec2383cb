#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <tarn/autograd/detail/hooks.h>
#include <tarn/autograd/node.h>
#include <tarn/tensor/pool.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

std::vector<std::string>& op_names() {
  static std::vector<std::string> names;
  return names;
}

thread_local Node* running = nullptr;

// Collects the gradient of a leaf. The leaf owns it; it knows the leaf only while that lives.
class LeafNode final : public Node {
 public:
  explicit LeafNode(TensorImpl& leaf) : Node("leaf", Where()), leaf_(&leaf) {
    sizes = leaf.sizes;
    dtype = leaf.dtype;
  }
  Tensor input_gradient(std::size_t, const Tensor&) override { return {}; }
  void release_saved() override {}
  TensorImpl* leaf() const override { return leaf_; }
  void leaf_destroyed() noexcept override { leaf_ = nullptr; }

 private:
  TensorImpl* leaf_;
};

}  // namespace

Op::Op(const char* name, bool listed) : name_(name) {
  if (listed) op_names().emplace_back(name);
}

std::vector<std::string> registered_ops() {
  std::vector<std::string> names = op_names();
  std::sort(names.begin(), names.end());
  return names;
}

void detail::DeleteHooks::operator()(Hooks* hooks) const noexcept { delete hooks; }

TensorImpl* Node::retaining_tensor() const {
  if (!hooks->retains) return nullptr;
  TensorImpl* const tensor = hooks->retains->tensor;
  return tensor && tensor->history.get() == this ? tensor : nullptr;
}

void* Node::operator new(std::size_t bytes) { return pool::allocate(bytes); }

void Node::operator delete(void* block, std::size_t bytes) noexcept {
  pool::deallocate(block, bytes);
}

void Node::last_owner_left() noexcept {
  // Freeing a node lets go of its inputs' nodes, whose turn comes when this call is back at the
  // loop below: a chain of any length is freed with a flat stack. The queue is linked through the
  // nodes' own marks, so it cannot run out of memory.
  static thread_local Node* waiting = nullptr;
  static thread_local bool busy = false;
  static_assert(sizeof(position) >= sizeof(Node*));
  position = reinterpret_cast<std::size_t>(waiting);
  waiting = this;
  if (busy) return;
  busy = true;
  while (waiting) {
    Node* const node = waiting;
    waiting = reinterpret_cast<Node*>(node->position);
    delete node;
  }
  busy = false;
}

intrusive_ptr<Node> gradient_node(const Tensor& tensor) {
  if (!tensor.requires_grad()) return {};
  TensorImpl& impl = tensor.impl();
  if (!impl.history) impl.history = intrusive_ptr<History>(new LeafNode(impl));
  return intrusive_ptr<Node>(static_cast<Node*>(impl.history.get()));
}

std::string describe(const Node& node) {
  const char* const path = node.where().file_name();
  const char* const slash = std::strrchr(path, '/');
  const std::string_view file = slash ? slash + 1 : path;
  if (file.empty()) return node.name();
  return str(node.name(), " (line ", node.where().line(), " of ", file, ")");
}

Node* current_node() { return running; }

CurrentNodeGuard::CurrentNodeGuard(Node* node) : previous_(running) { running = node; }

CurrentNodeGuard::~CurrentNodeGuard() { running = previous_; }

}  // namespace tarn
