#include <tarn/autograd/backward.h>
#include <tarn/autograd/functional.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/joining.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

using Tensors = std::vector<Tensor>;

Tensor detached(const Tensor& x, bool create_graph) { return create_graph ? x : x.detach(); }

Tensors detached(Tensors tensors, bool create_graph) {
  for (Tensor& x : tensors) x = detached(x, create_graph);
  return tensors;
}

TensorsFunction of_one(const TensorFunction& func) {
  return [&func](const Tensors& inputs) { return func(inputs[0]); };
}

void check_forms(const char* op, const Tensors& v, const Tensors& like) {
  if (v.size() != like.size()) {
    throw ValueError(
        str(op, ": v has ", v.size(), " tensors: expected one for each of ", like.size()));
  }
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (v[i].sizes() != like[i].sizes()) {
      throw ShapeError(
          str(op, ": v[", i, "] has shape ", v[i].sizes(), ": expected ", like[i].sizes()));
    }
    if (v[i].dtype() != like[i].dtype()) {
      throw DTypeError(str(op, ": v[", i, "] is ", v[i].dtype(), ": expected ", like[i].dtype()));
    }
  }
}

// The gradients of outputs, weighted by v, with respect to inputs: zeros where there is none.
Tensors pull_back(const Tensors& outputs, const Tensors& inputs, const Tensors& v,
                  bool create_graph) {
  GradOptions options{.retain_graph = true, .create_graph = create_graph, .allow_unused = true};
  Tensors connected;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].requires_grad()) continue;
    connected.push_back(outputs[i]);
    options.grad_outputs.push_back(v[i]);
  }
  Tensors gradients(inputs.size());
  if (!connected.empty()) gradients = grad(connected, inputs, options);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!gradients[i].defined()) gradients[i] = zeros_like(inputs[i]);
  }
  return gradients;
}

// One call of a user's function, recorded.
struct Call {
  Call(const char* op, const TensorsFunction& func, const Tensors& arguments, bool create_graph) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const Tensor& x = arguments[i];
      if (!is_floating_point(x.dtype())) {
        throw DTypeError(str(op, ": inputs[", i, "] is ", x.dtype(),
                             ": expected float32 or float64; convert with .to(kFloat32)"));
      }
      // A tensor of its own, so that only this function's use of it counts.
      inputs.push_back(create_graph && x.requires_grad() ? view(x, x.sizes())
                                                         : x.detach().requires_grad_());
    }
    output = func(inputs);
  }

  // d output / d inputs, for the second derivatives.
  Tensors gradient(const char* op) const {
    if (output.numel() != 1) {
      throw ShapeError(str(op, ": func returned shape ", output.sizes(),
                           ": expected one element; reduce it with sum() or mean() first"));
    }
    return pull_back({output}, inputs, {ones_like(output)}, /*create_graph=*/true);
  }

  GradModeGuard recording{true};
  Tensors inputs;
  Tensor output;
};

// d output / d inputs, element by element of the output.
Tensors rows(const Tensor& output, const Tensors& inputs, bool create_graph) {
  std::vector<Tensors> columns(inputs.size());
  for (std::int64_t j = 0; j < output.numel(); ++j) {
    const Tensor direction = zeros({output.numel()}, {.dtype = output.dtype()});
    direction[j].fill_(1);
    const Tensors row = pull_back({output}, inputs, {direction.view(output.sizes())}, create_graph);
    for (std::size_t i = 0; i < inputs.size(); ++i) columns[i].push_back(row[i]);
  }
  Tensors results;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Shape shape = output.sizes();
    for (const std::int64_t size : inputs[i].sizes()) shape.push_back(size);
    results.push_back(columns[i].empty() ? zeros(shape, {.dtype = output.dtype()})
                                         : reshape(stack(columns[i]), shape));
  }
  return detached(std::move(results), create_graph);
}

}  // namespace

Tensors jacobian(const TensorsFunction& func, const Tensors& inputs,
                 const FunctionalOptions& options) {
  const Call call("jacobian", func, inputs, options.create_graph);
  return rows(call.output, call.inputs, options.create_graph);
}

Tensor jacobian(const TensorFunction& func, const Tensor& inputs,
                const FunctionalOptions& options) {
  return jacobian(of_one(func), Tensors{inputs}, options)[0];
}

std::vector<Tensors> hessian(const TensorsFunction& func, const Tensors& inputs,
                             const FunctionalOptions& options) {
  const Call call("hessian", func, inputs, options.create_graph);
  std::vector<Tensors> blocks;
  for (const Tensor& slope : call.gradient("hessian"))
    blocks.push_back(rows(slope, call.inputs, options.create_graph));
  return blocks;
}

Tensor hessian(const TensorFunction& func, const Tensor& inputs, const FunctionalOptions& options) {
  return hessian(of_one(func), Tensors{inputs}, options)[0][0];
}

std::pair<Tensor, Tensors> vjp(const TensorsFunction& func, const Tensors& inputs, const Tensor& v,
                               const FunctionalOptions& options) {
  const bool create_graph = options.create_graph;
  const Call call("vjp", func, inputs, create_graph);
  check_forms("vjp", {v}, {call.output});
  return {detached(call.output, create_graph),
          detached(pull_back({call.output}, call.inputs, {v}, create_graph), create_graph)};
}

std::pair<Tensor, Tensor> vjp(const TensorFunction& func, const Tensor& inputs, const Tensor& v,
                              const FunctionalOptions& options) {
  auto [output, product] = vjp(of_one(func), Tensors{inputs}, v, options);
  return {output, product[0]};
}

std::pair<Tensor, Tensors> hvp(const TensorsFunction& func, const Tensors& inputs, const Tensors& v,
                               const FunctionalOptions& options) {
  const bool create_graph = options.create_graph;
  const Call call("hvp", func, inputs, create_graph);
  check_forms("hvp", v, call.inputs);
  const Tensors slopes = call.gradient("hvp");
  return {detached(call.output, create_graph),
          detached(pull_back(slopes, call.inputs, v, create_graph), create_graph)};
}

std::pair<Tensor, Tensor> hvp(const TensorFunction& func, const Tensor& inputs, const Tensor& v,
                              const FunctionalOptions& options) {
  auto [output, product] = hvp(of_one(func), Tensors{inputs}, Tensors{v}, options);
  return {output, product[0]};
}

}  // namespace tarn
