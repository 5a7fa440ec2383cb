#include <unordered_map>
#include <unordered_set>

#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/graph_flops.h>
#include <tarn/nn/detail/forward_observer.h>
#include <tarn/nn/summary.h>
#include <tarn/tensor/detail/aligned_columns.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

using Row = std::vector<std::string>;

// 1234567 as "1,234,567".
std::string grouped(std::int64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t end = text.size(); end > 3;) text.insert(end -= 3, ",");
  return text;
}

// What a run has shown of a module.
struct Call {
  Shape output;
  double flops = 0;
};
using Calls = std::unordered_map<const Module*, Call>;

// All parameters take part in the graph, and all modules are in evaluation mode, while it lives.
class Inspection {
 public:
  explicit Inspection(Module& model) {
    for (const auto& [name, module] : model.named_modules()) {
      modes_.emplace_back(module, module->is_training());
    }
    for (const Tensor& parameter : model.parameters()) {
      if (!parameter.requires_grad()) frozen_.push_back(parameter.requires_grad_());
    }
    model.eval();
  }
  ~Inspection() {
    for (const Tensor& parameter : frozen_) parameter.requires_grad_(false);
    // From the root down: each call sets what is below as well.
    for (const auto& [module, training] : modes_) module->train(training);
  }
  Inspection(const Inspection&) = delete;
  Inspection& operator=(const Inspection&) = delete;

 private:
  std::vector<std::pair<Module*, bool>> modes_;
  std::vector<Tensor> frozen_;
};

Calls run(Module& model, const Shape& input, DType dtype) {
  const Inspection inspection(model);
  Generator aside;
  const GeneratorGuard guard(aside);
  const GradModeGuard recorded(true);
  Calls calls;
  const detail::ForwardObserver observer(
      [&](const Module& module, const Tensor& x, const Tensor& output) {
        Call& call = calls[&module];
        call.output = output.sizes();
        call.flops += graph_flops(output).forward - graph_flops(x).forward;
      });
  model(zeros(input, {.dtype = dtype, .requires_grad = is_floating_point(dtype)}));
  return calls;
}

struct Counts {
  std::int64_t total = 0;
  std::int64_t trainable = 0;
  std::unordered_set<const TensorImpl*> seen;
};

// Counts the parameters of `module` that were not counted before.
std::int64_t count_own(const Module& module, Counts& counts) {
  std::int64_t own = 0;
  for (const auto& [name, tensor] : module.named_parameters()) {
    if (name.find('.') != std::string::npos || !counts.seen.insert(&tensor.impl()).second) continue;
    own += tensor.numel();
    if (tensor.requires_grad()) counts.trainable += tensor.numel();
  }
  counts.total += own;
  return own;
}

void add_rows(const Module& module, const std::string& name, const Calls* calls, Counts& counts,
              std::vector<Row>& rows) {
  Row row{name.empty() ? "(model)" : name, module.type_name()};
  const std::string own = grouped(count_own(module, counts));
  if (!calls) {
    row.push_back(own);
  } else {
    const auto call = calls->find(&module);
    const bool called = call != calls->end();
    row.push_back(called ? to_string(call->second.output) : "-");
    row.push_back(own);
    row.push_back(called ? grouped(static_cast<std::int64_t>(call->second.flops)) : "-");
  }
  rows.push_back(std::move(row));
  for (const auto& [child_name, child] : module.named_children()) {
    add_rows(*child, name.empty() ? child_name : str(name, ".", child_name), calls, counts, rows);
  }
}

}  // namespace

std::string summary(const Module& model) {
  Counts counts;
  std::vector<Row> rows{{"module", "type", "parameters"}};
  add_rows(model, "", nullptr, counts, rows);
  rows.push_back({"total", "", grouped(counts.total)});
  rows.push_back({"trainable", "", grouped(counts.trainable)});
  return tarn::detail::aligned_columns(rows, 2);
}

std::string summary(Module& model, const Shape& input, DType dtype) {
  const Calls calls = run(model, input, dtype);
  Counts counts;
  std::vector<Row> rows{{"module", "type", "output", "parameters", "FLOPs"}};
  add_rows(model, "", &calls, counts, rows);
  rows.push_back({"total", "", "", grouped(counts.total), rows[1].back()});
  rows.push_back({"trainable", "", "", grouped(counts.trainable), ""});
  return tarn::detail::aligned_columns(rows, 3);
}

}  // namespace tarn::nn
