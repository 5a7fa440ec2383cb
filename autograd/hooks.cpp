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

std::shared_ptr<Hooks> hooks_of(const char* op, const Tensor& tensor) {
  const intrusive_ptr<Node> node = gradient_node(tensor);
  if (!node) {
    throw AutogradError(str(op, ": the tensor (shape ", tensor.sizes(),
                            ") does not require grad: it never gets a gradient"));
  }
  if (!node->hooks) node->hooks = std::make_shared<Hooks>();
  return node->hooks;
}

RemovableHandle append(const std::shared_ptr<Hooks>& hooks, HookList Hooks::*list,
                       std::function<Tensor(const Tensor&)> function) {
  const auto hook = std::make_shared<Hook>(Hook{std::move(function)});
  (hooks.get()->*list).push_back(hook);
  // Weak: neither the handle nor its copies keep the graph.
  return RemovableHandle([list, owner = std::weak_ptr(hooks), weak = std::weak_ptr(hook)] {
    const std::lock_guard lock(Pass::mutex());
    const auto removed = weak.lock();
    if (!removed) return;
    removed->removed = true;
    if (const auto all = owner.lock()) std::erase(all.get()->*list, removed);
  });
}

// A hook may add and remove hooks, also itself.
template <class F>
void for_each_hook(const HookList& list, F f) {
  const HookList snapshot = list;
  for (const auto& hook : snapshot) {
    if (!hook->removed) f(*hook);
  }
}

}  // namespace

Tensor call_hooks(const Node& node, Tensor gradient) {
  for_each_hook(node.hooks->arrived, [&](const Hook& hook) {
    const std::uint32_t version = gradient.version();
    const Tensor replacement = hook.call(gradient);
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
  for_each_hook(node->hooks->accumulated, [&](const Hook& hook) { hook.call(leaf); });
}

}  // namespace detail

RemovableHandle Tensor::add_hook(std::function<Tensor(const Tensor&)> hook) const {
  const std::lock_guard lock(Pass::mutex());
  return detail::append(detail::hooks_of("register_hook", *this), &detail::Hooks::arrived,
                        std::move(hook));
}

RemovableHandle Tensor::register_post_accumulate_grad_hook(
    std::function<void(const Tensor&)> hook) const {
  const std::lock_guard lock(Pass::mutex());
  if (!is_leaf()) {
    throw AutogradError(str("register_post_accumulate_grad_hook: a result of ", grad_fn_name(),
                            " accumulates no gradient, only leaves do; use register_hook()"));
  }
  return detail::append(detail::hooks_of("register_post_accumulate_grad_hook", *this),
                        &detail::Hooks::accumulated, [hook = std::move(hook)](const Tensor& leaf) {
                          hook(leaf);
                          return Tensor();
                        });
}

void Tensor::retain_grad() const {
  const std::lock_guard lock(Pass::mutex());
  const auto hooks = detail::hooks_of("retain_grad", *this);
  if (is_leaf()) return;
  if (!impl_->grad_owner) impl_->grad_owner = intrusive_ptr<GradOwner>(new GradOwner(impl_.get()));
  hooks->retains = impl_->grad_owner;
}

}  // namespace tarn
