#include <tarn/autograd/detail/hooks.h>
#include <tarn/autograd/detail/pass.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

// Hooks hang on the node that a tensor's gradient flows to: a tensor without them costs a pass one
// look at a pointer.
namespace tarn {
namespace detail {
namespace {

std::string of(const Node& node) { return str("a hook of ", describe(node), ", ", node.sizes); }

void check_replacement(const Node& node, const Tensor& gradient) {
  if (gradient.sizes() != node.sizes) {
    throw ShapeError(str(of(node), ": it returned a gradient of shape ", gradient.sizes(),
                         ": expected the tensor's, ", node.sizes));
  }
  if (gradient.dtype() != node.dtype) {
    throw DTypeError(str(of(node), ": it returned a gradient of type ", gradient.dtype(),
                         ": expected the tensor's, ", node.dtype));
  }
}

Hooks& hooks_of(const char* op, const Tensor& tensor) {
  const intrusive_ptr<Node> node = gradient_node(tensor);
  if (!node) {
    throw AutogradError(str(op, ": the tensor (shape ", tensor.sizes(),
                            ") does not require grad: it never gets a gradient"));
  }
  if (!node->hooks) node->hooks.reset(new Hooks);
  return *node->hooks;
}

RemovableHandle append(HookList& list, Hook::Function function) {
  std::erase_if(list, [](const auto& hook) { return !hook->function; });
  const auto hook =
      std::make_shared<Hook>(Hook{std::make_shared<const Hook::Function>(std::move(function))});
  list.push_back(hook);
  // Weak: the handle does not keep the hook, and with it perhaps the graph.
  return RemovableHandle([weak = std::weak_ptr(hook)] {
    const std::lock_guard lock(Pass::mutex());
    if (const auto removed = weak.lock()) removed->function.reset();
  });
}

// Hooks may add and remove hooks, also themselves.
template <class F>
void for_each_hook(const HookList& list, F f) {
  const HookList snapshot(list.begin(), list.end());
  for (const auto& hook : snapshot) {
    if (const auto function = hook->function) f(*function);
  }
}

}  // namespace

Tensor call_hooks(const Node& node, Tensor gradient) {
  for_each_hook(node.hooks->arrived, [&](const Hook::Function& hook) {
    const std::uint32_t version = gradient.version();
    const Tensor replacement = hook(gradient);
    if (gradient.version() != version) {
      throw AutogradError(str(of(node),
                              ": it changed the gradient in place, which other tensors "
                              "may share; return a new tensor instead"));
    }
    if (!replacement.defined()) return;
    check_replacement(node, replacement);
    gradient =
        is_grad_enabled() || !replacement.requires_grad() ? replacement : replacement.detach();
  });
  return gradient;
}

void call_post_accumulate_hooks(const Tensor& leaf) {
  const intrusive_ptr<Node> node = gradient_node(leaf);
  if (!node || !node->hooks) return;  // an earlier hook took the leaf out of the graph
  for_each_hook(node->hooks->accumulated, [&](const Hook::Function& hook) { hook(leaf); });
}

}  // namespace detail

RemovableHandle Tensor::add_hook(std::function<Tensor(const Tensor&)> hook) const {
  const std::lock_guard lock(Pass::mutex());
  return detail::append(detail::hooks_of("register_hook", *this).arrived, std::move(hook));
}

RemovableHandle Tensor::register_post_accumulate_grad_hook(
    std::function<void(const Tensor&)> hook) const {
  const std::lock_guard lock(Pass::mutex());
  if (!is_leaf()) {
    throw AutogradError(str("register_post_accumulate_grad_hook: a result of ", grad_fn_name(),
                            " accumulates no gradient, only leaves do; use register_hook()"));
  }
  return detail::append(detail::hooks_of("register_post_accumulate_grad_hook", *this).accumulated,
                        [hook = std::move(hook)](const Tensor& leaf) {
                          hook(leaf);
                          return Tensor();
                        });
}

void Tensor::retain_grad() const {
  const std::lock_guard lock(Pass::mutex());
  detail::Hooks& hooks = detail::hooks_of("retain_grad", *this);
  if (is_leaf()) return;
  if (!impl_->grad_owner) impl_->grad_owner = intrusive_ptr<GradOwner>(new GradOwner(impl_.get()));
  hooks.retains = impl_->grad_owner;
}

}  // namespace tarn
