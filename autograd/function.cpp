#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <typeindex>

#include <cxxabi.h>

#include <tarn/autograd/function.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace detail {
namespace {

// "tarn::testing::(anonymous namespace)::Cube" is called Cube. The names live as long as the nodes.
const char* short_name(const std::type_info& type) {
  static std::mutex mutex;
  static std::map<std::type_index, std::string> names;
  const std::lock_guard lock(mutex);
  const auto [place, is_new] = names.try_emplace(type);
  if (is_new) {
    int status = 0;
    char* const full = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
    const std::string name = full ? full : type.name();
    std::free(full);
    const std::size_t scope = name.rfind("::", name.find('<'));
    place->second = scope == std::string::npos ? name : name.substr(scope + 2);
  }
  return place->second.c_str();
}

bool contains(const std::vector<Tensor>& tensors, const Tensor& tensor) {
  return std::any_of(tensors.begin(), tensors.end(),
                     [&](const Tensor& other) { return other.is_same(tensor); });
}

// Whether `shape` is another one than `from`, which broadcasts to it.
bool is_broadcast(const Shape& from, const Shape& shape) {
  if (from == shape || from.size() > shape.size()) return false;
  const int offset = shape.size() - from.size();
  for (int d = 0; d < from.size(); ++d) {
    if (from[d] != shape[offset + d] && from[d] != 1) return false;
  }
  return true;
}

}  // namespace

// One call. A single output's gradient flows to it directly; several outputs have a node each,
// which hands its gradient in here.
class FunctionNode final : public Node {
 public:
  FunctionNode(const char* name, const Where& where, std::shared_ptr<FunctionContext> context,
               FunctionBackward backward, const std::vector<Tensor>& inputs)
      : Node(name, where), context_(std::move(context)), backward_(backward) {
    for (const Tensor& input : inputs)
      edges_.push_back(needs_gradient(input) ? gradient_node(input) : Edge());
    set_edges(edges_);
    // What arrives from the nodes of several outputs; it only says that there is something.
    sizes = {0};
  }

  // One of several outputs.
  class OutputNode final : public Node {
   public:
    OutputNode(FunctionNode& function, std::size_t index)
        : Node(function.name(), function.where()), index_(index), function_{Edge(&function)} {
      set_edges(function_);
      sizes = function.outputs_[index].sizes;
      dtype = function.outputs_[index].dtype;
      function.outputs_[index].node = this;
    }
    ~OutputNode() override { function().outputs_[index_].node = nullptr; }

    Tensor input_gradient(std::size_t, const Tensor& grad) override {
      function().hand_in(index_, grad);
      return empty(function().sizes);
    }
    void release_saved() override {}

   private:
    FunctionNode& function() { return static_cast<FunctionNode&>(*function_[0]); }

    std::size_t index_;
    std::array<Edge, 1> function_;
  };

  void add_output(const Tensor& output) {
    outputs_.push_back({output.sizes(), output.dtype(), nullptr});
  }

  // The node of an output; one of several is made anew when its tensor is gone.
  intrusive_ptr<Node> output_node(std::size_t index) {
    if (outputs_.empty()) return intrusive_ptr<Node>(this);
    OutputNode* const node = outputs_[index].node;
    return intrusive_ptr<Node>(node ? node : new OutputNode(*this, index));
  }

  Tensor input_gradient(std::size_t i, const Tensor& grad) override {
    if (computed_in_ != pass) compute(grad);
    return std::move(results_[i]);
  }

  void release_saved() override {
    context_.reset();
    results_.clear();
    handed_in_.clear();
  }

 private:
  struct Output {
    Shape sizes;
    DType dtype;
    OutputNode* node;
  };
  struct HandedIn {
    std::uint64_t pass;
    std::size_t output;
    Tensor gradient;
  };

  void hand_in(std::size_t output, const Tensor& gradient) {
    // A pass with a higher number has ended: it ran inside this one, or failed before.
    std::erase_if(handed_in_, [&](const HandedIn& old) { return old.pass > pass; });
    handed_in_.push_back({pass, output, gradient});
  }

  std::vector<Tensor> output_gradients(const Tensor& grad) {
    if (outputs_.empty()) return {grad};
    std::vector<Tensor> gradients(outputs_.size());
    for (const HandedIn& part : handed_in_) {
      if (part.pass == pass) gradients[part.output] = part.gradient;
    }
    std::erase_if(handed_in_, [&](const HandedIn& part) { return part.pass >= pass; });
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      if (!gradients[i].defined())
        gradients[i] = zeros(outputs_[i].sizes, {.dtype = outputs_[i].dtype});
    }
    return gradients;
  }

  void compute(const Tensor& grad) {
    const std::shared_ptr<FunctionContext> context = context_;  // a pass inside may release it
    results_ = backward_(*context, output_gradients(grad));
    if (results_.size() != edges_.size()) {
      throw ValueError(str(describe(*this), ": backward returned ", results_.size(),
                           " gradients, but forward took ", edges_.size(),
                           " tensors: expected one for each, in their order, undefined where there "
                           "is none"));
    }
    for (std::size_t i = 0; i < results_.size(); ++i) {
      if (edges_[i] && results_[i].defined() && is_broadcast(edges_[i]->sizes, results_[i].sizes()))
        results_[i] = sum_to(results_[i], edges_[i]->sizes);
    }
    computed_in_ = pass;
  }

  std::shared_ptr<FunctionContext> context_;
  FunctionBackward backward_;
  std::vector<Edge> edges_;
  std::vector<Output> outputs_;  // empty for a single one
  std::vector<HandedIn> handed_in_;
  std::vector<Tensor> results_;
  std::uint64_t computed_in_ = 0;  // the pass that results_ belong to
};

FunctionCall::FunctionCall(const std::type_info& function, const Where& where,
                           std::shared_ptr<FunctionContext> context, std::vector<Tensor> inputs)
    : name_(short_name(function)),
      where_(where),
      context_(std::move(context)),
      inputs_(std::move(inputs)) {
  for (const Tensor& input : inputs_) {
    if (is_grad_enabled()) check_history(Op(name_, /*listed=*/false), input);
    context_->needs_input_grad_.push_back(is_grad_enabled() && needs_gradient(input));
    versions_.push_back(input.defined() ? input.version() : 0);
  }
  const auto& needed = context_->needs_input_grad_;
  recorded_ = std::find(needed.begin(), needed.end(), true) != needed.end();
}

void FunctionCall::record(std::span<Tensor> outputs, FunctionBackward backward) {
  FunctionContext& context = *context_;
  const std::vector<Tensor> to_save = std::move(context.to_save_);
  const std::vector<Tensor> constant = std::move(context.non_differentiable_);
  const std::vector<Tensor> returned(outputs.begin(), outputs.end());
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (recorded_ && inputs_[i].defined() && inputs_[i].version() != versions_[i]) {
      throw AutogradError(str(name_, ": forward changed its tensor argument ", i, ", shape ",
                              inputs_[i].sizes(), ", in place; clone() it first"));
    }
  }
  std::vector<std::size_t> differentiable;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Tensor& output = outputs[i];
    if (!output.defined())
      throw ValueError(str(name_, ": forward returned an undefined tensor as output ", i));
    // What is somebody else's keeps its history: the output is another handle on its elements.
    const auto shares = [&](const Tensor& other) {
      return other.defined() && other.impl().storage() == output.impl().storage();
    };
    if (output.requires_grad() || std::any_of(inputs_.begin(), inputs_.end(), shares) ||
        std::any_of(returned.begin(), returned.begin() + static_cast<std::ptrdiff_t>(i), shares)) {
      output = output.detach();
    }
    if (is_floating_point(output.dtype()) && !contains(constant, returned[i]))
      differentiable.push_back(i);
  }
  if (!recorded_ || differentiable.empty()) return;
  const intrusive_ptr<FunctionNode> node(
      new FunctionNode(name_, where_, context_, backward, inputs_));
  context.node_ = node.get();
  // backward counts all outputs, also those that never get a gradient.
  if (outputs.size() > 1) {
    for (const Tensor& output : outputs) node->add_output(output);
  }
  for (const std::size_t i : differentiable) {
    set_history(outputs[i], node->output_node(i));
  }
  for (const Tensor& tensor : to_save) {
    std::size_t output = FunctionContext::kNone;
    for (const std::size_t i : differentiable) {
      if (tensor.defined() && tensor.is_same(returned[i])) output = i;
    }
    const bool is_output = output != FunctionContext::kNone && !contains(inputs_, tensor);
    context.saved_.push_back({is_output ? saved_output(tensor) : saved(tensor),
                              is_output ? output : FunctionContext::kNone});
  }
}

}  // namespace detail

std::vector<Tensor> FunctionContext::saved_tensors() const {
  if (!node_) {
    throw AutogradError(
        "saved_tensors: only in backward, of a function one of whose inputs requires grad");
  }
  if (saved_.empty()) {
    throw AutogradError(str(describe(*node_),
                            ": backward asks for saved tensors, but forward saved none: call "
                            "ctx.save_for_backward() in forward"));
  }
  std::vector<Tensor> tensors;
  for (const Saved& saved : saved_) {
    const intrusive_ptr<Node> node =
        saved.output == kNone ? intrusive_ptr<Node>(node_) : node_->output_node(saved.output);
    const CurrentNodeGuard guard(node.get());
    tensors.push_back(saved.tensor.get());
  }
  return tensors;
}

}  // namespace tarn
