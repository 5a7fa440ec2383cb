#include <atomic>

#include <tarn/autograd/detail/hooks.h>
#include <tarn/autograd/detail/nan_checks.h>
#include <tarn/autograd/detail/ownership.h>
#include <tarn/autograd/detail/pass.h>
#include <tarn/autograd/detail/profile_scope.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

// A buffer that once held a huge graph is not worth keeping.
constexpr std::size_t kKeptVisits = 65536;

std::uint64_t next_pass() {
  static std::atomic<std::uint64_t> counter{0};
  return ++counter;
}

// A gradient of another shape would broadcast on its way down and be wrong without a word.
void check_form(const Node& node, std::size_t input, const Tensor& gradient, const Node& target) {
  if (gradient.sizes() != target.sizes) {
    throw ShapeError(str(describe(node), ": its gradient function returned shape ",
                         gradient.sizes(), " for input ", input, ": expected the input's, ",
                         target.sizes));
  }
  if (gradient.dtype() != target.dtype) {
    throw DTypeError(str(describe(node), ": its gradient function returned ", gradient.dtype(),
                         " for input ", input, ": expected the input's type, ", target.dtype));
  }
}

}  // namespace

std::recursive_mutex& Pass::mutex() {
  static std::recursive_mutex instance;
  return instance;
}

Pass::Buffers& Pass::buffers() {
  static thread_local Buffers instance;
  return instance;
}

Pass::Pass(std::span<const intrusive_ptr<Node>> roots)
    : id_(next_pass()), visits_(std::move(buffers().visits)) {
  std::vector<Frame> stack = std::move(buffers().stack);
  for (const auto& root : roots) {
    if (!reached(*root)) search(root.get(), stack);
  }
  buffers().stack = std::move(stack);
}

Pass::~Pass() {
  for (Visit& visit : visits_) {
    visit.node->pass = visit.outer_pass;
    visit.node->position = visit.outer_position;
  }
  visits_.clear();
  if (visits_.capacity() <= kKeptVisits) {
    buffers().visits = std::move(visits_);
  } else {
    buffers().stack = {};
  }
}

void Pass::search(Node* root, std::vector<Frame>& stack) {
  const auto enter = [&](Node* node) {
    stack.push_back({node, 0, node->pass, node->position});
    node->pass = id_;
  };
  stack.clear();
  enter(root);
  while (!stack.empty()) {
    Frame& frame = stack.back();
    const auto edges = frame.node->edges();
    while (frame.edge < edges.size() && (!edges[frame.edge] || reached(*edges[frame.edge])))
      ++frame.edge;
    if (frame.edge < edges.size()) {
      enter(edges[frame.edge++].get());
      continue;
    }
    frame.node->position = visits_.size();
    visits_.push_back({frame.node,
                       frame.outer_pass,
                       frame.outer_position,
                       true,
                       frame.node->grad_owner() != nullptr,
                       {}});
    stack.pop_back();
  }
}

void Pass::set_targets(std::span<const intrusive_ptr<Node>> targets) {
  for (Visit& visit : visits_) visit.needed = visit.keep = false;
  for (const auto& target : targets) {
    if (reached(*target)) visits_[target->position].keep = true;
  }
  for (Visit& visit : visits_) {
    for (const auto& edge : visit.node->edges()) {
      if (edge && (visits_[edge->position].needed || visits_[edge->position].keep))
        visit.needed = true;
    }
  }
}

void Pass::add_gradient(const Node& node, Tensor gradient) {
  Tensor& total = visits_[node.position].gradient;
  if (!total.defined()) {
    total = std::move(gradient);
  } else if (!is_grad_enabled() && is_only_owner(total) && total.dtype() == gradient.dtype()) {
    total.add_(gradient);
  } else {
    total = add(total, gradient);
  }
}

void Pass::run(bool retain_graph) {
  for (const Visit& visit : visits_) {
    if (visit.needed && visit.node->released) {
      throw AutogradError(str(
          "backward: this graph has already been freed by an earlier backward(), as its op ",
          describe(*visit.node), " shows; call backward({.retain_graph = true}) the first time"));
    }
  }
  for (std::size_t i = visits_.size(); i-- > 0;) run_node(visits_[i], retain_graph);
}

void Pass::run_node(Visit& visit, bool retain_graph) {
  Node& node = *visit.node;
  if (!visit.needed && !visit.keep) return;
  if (visit.gradient.defined()) {
    if (node.hooks) visit.gradient = detail::call_hooks(node, std::move(visit.gradient));
    if (anomaly_) detail::check_arrived(node, visit.gradient);
  }
  if (!visit.needed || node.edges().empty()) return;
  const Tensor gradient = visit.keep ? visit.gradient : std::move(visit.gradient);
  visit.gradient = visit.keep ? visit.gradient : Tensor();
  if (gradient.defined()) {
    const CurrentNodeGuard running(&node);
    const detail::ProfileScope profile(node);
    for (std::size_t i = 0; i < node.edges().size(); ++i) {
      const auto& edge = node.edges()[i];
      if (!edge) continue;
      const Visit& input = visits_[edge->position];
      if (!input.needed && !input.keep) continue;
      Tensor part = node.input_gradient(i, gradient);
      if (!part.defined()) continue;
      check_form(node, i, part, *edge);
      if (anomaly_) detail::check_produced(node, i, part);
      add_gradient(*edge, std::move(part));
    }
  }
  if (!retain_graph) {
    node.release_saved();
    node.released = true;
  }
}

}  // namespace tarn
