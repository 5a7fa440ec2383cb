#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include <tarn/autograd/anomaly.h>
#include <tarn/autograd/node.h>

namespace tarn {

/// One walk through a graph, from the nodes of its outputs to its leaves: finds the order, then
/// runs the nodes in it.
///
/// The order is the reverse of the one in which a depth-first search leaves the nodes, so each node
/// comes after all that use its output. Neither the search nor the run recurses. The nodes carry
/// the pass's marks; a pass that starts while another one runs (from a hook or a user's gradient)
/// puts the outer one's marks back when it ends.
class Pass {
 public:
  /// Orders the graph below `roots`, which must outlive the pass.
  explicit Pass(std::span<const intrusive_ptr<Node>> roots);
  ~Pass();
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  /// Passes of different threads run one after another, since graphs may share nodes: held by
  /// whoever makes a pass or changes hooks.
  static std::recursive_mutex& mutex();

  /// Calls f(node) for every node, leaves of the graph first.
  template <class F>
  void for_each(F f) const {
    for (const Visit& visit : visits_) f(*visit.node);
  }

  /// Whether the search came to `node`.
  bool reached(const Node& node) const { return node.pass == id_; }

  /// Restricts run() to nodes from which one of `targets` can be reached, and keeps the gradients
  /// of the targets.
  void set_targets(std::span<const intrusive_ptr<Node>> targets);

  /// Adds to the gradient with which `node` will run.
  void add_gradient(const Node& node, Tensor gradient);

  /// Runs all nodes; frees saved tensors unless `retain_graph`. Throws AutogradError, with
  /// everything still in place, when a node was freed before.
  void run(bool retain_graph);

  /// The gradient that arrived at a leaf or a target; undefined if none did. Valid after run(); may
  /// be moved from.
  Tensor& gradient(const Node& node) { return visits_[node.position].gradient; }

 private:
  struct Visit {
    Node* node;
    std::uint64_t outer_pass;
    std::size_t outer_position;
    bool needed;
    bool keep;
    Tensor gradient;
  };
  struct Frame {
    Node* node;
    std::size_t edge;
    std::uint64_t outer_pass;
    std::size_t outer_position;
  };
  // Memory that a thread's passes hand on, so that a pass in steady state allocates nothing.
  struct Buffers {
    std::vector<Visit> visits;
    std::vector<Frame> stack;
  };
  static Buffers& buffers();

  void search(Node* root, std::vector<Frame>& stack);
  void run_node(Visit& visit, bool retain_graph);
  bool anomaly_ = is_anomaly_enabled();

  std::uint64_t id_;
  std::vector<Visit> visits_;
};

}  // namespace tarn
