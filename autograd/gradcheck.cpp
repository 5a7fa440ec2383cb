#include <cmath>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/gradcheck.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

// Weights for outputs and directions: fixed, so that a check gives the same answer every time.
constexpr std::uint64_t kSeed = 0x7a726e;

void check_inputs(const char* op, const std::vector<Tensor>& inputs) {
  bool any = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].requires_grad()) continue;
    any = true;
    if (inputs[i].dtype() != kFloat64) {
      throw DTypeError(str(op, ": inputs[", i, "] is ", inputs[i].dtype(),
                           ": finite differences need float64; convert with .to(kFloat64)"));
    }
  }
  if (!any)
    throw ValueError(
        str(op, ": none of the ", inputs.size(), " inputs requires grad: nothing to check"));
}

// `inputs` as fresh leaves with elements of their own, in the same memory layout.
std::vector<Tensor> fresh_leaves(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> leaves;
  for (const Tensor& input : inputs) {
    leaves.push_back(input.detach().clone());
    if (input.requires_grad()) leaves.back().requires_grad_();
  }
  return leaves;
}

// d(output[j]) / d(input element at `place`) for all j, by a central difference.
Tensor difference(const GradcheckFunction& function, const std::vector<Tensor>& inputs,
                  const Tensor& place, double eps) {
  const NoGradGuard guard;
  const double value = place.item();
  place.fill_(value + eps);
  const Tensor above = function(inputs).clone();
  place.fill_(value - eps);
  const Tensor below = function(inputs).clone();
  place.fill_(value);
  return (above - below) / (2 * eps);
}

// The gradient of output element j with respect to every leaf; undefined where there is none.
std::vector<Tensor> analytic(const Tensor& output, std::int64_t j,
                             const std::vector<Tensor>& leaves) {
  Tensor direction = zeros(output.sizes(), {.dtype = output.dtype()});
  direction.view({-1}).select(0, j).fill_(1);
  return grad({output}, leaves,
              {.grad_outputs = {direction}, .retain_graph = true, .allow_unused = true});
}

bool close(double a, double b, const GradcheckOptions& options) {
  return std::abs(a - b) <= options.atol + options.rtol * std::abs(b);
}

void compare(const char* op, std::size_t input, std::int64_t element, std::int64_t output,
             double ours, double numeric, const GradcheckOptions& options) {
  if (close(ours, numeric, options)) return;
  throw AutogradError(str(op, ": d output[", output, "] / d inputs[", input, "][", element, "] is ",
                          ours, " by backward but ", numeric, " by central differences (tolerance ",
                          options.atol, " + ", options.rtol,
                          " * |value|; elements counted row by row)"));
}

void check_input(const char* op, const GradcheckFunction& function,
                 const std::vector<Tensor>& leaves, std::size_t index,
                 const std::vector<std::vector<double>>& gradients,
                 const GradcheckOptions& options) {
  const Tensor elements = leaves[index].detach();
  Shape coordinates = Shape::filled(elements.dim(), 0);
  for (std::int64_t e = 0; e < elements.numel(); ++e) {
    Tensor place = elements;
    for (int d = 0; d < elements.dim(); ++d) place = place.select(0, coordinates[d]);
    const std::vector<double> numeric =
        difference(function, leaves, place, options.eps).to_vector();
    for (std::size_t j = 0; j < numeric.size(); ++j) {
      const double ours = gradients[j].empty() ? 0 : gradients[j][static_cast<std::size_t>(e)];
      compare(op, index, e, static_cast<std::int64_t>(j), ours, numeric[j], options);
    }
    for (int d = elements.dim() - 1; d >= 0 && ++coordinates[d] == elements.sizes()[d]; --d)
      coordinates[d] = 0;
  }
}

// d(output[j]) / d(leaf) by backward for each j; an empty row where the graph has no way to the
// leaf.
std::vector<std::vector<double>> jacobian(const char* op, const Tensor& output, const Tensor& leaf,
                                          std::size_t index) {
  std::vector<std::vector<double>> rows(static_cast<std::size_t>(output.numel()));
  if (!output.requires_grad() || !leaf.requires_grad()) return rows;
  for (std::int64_t j = 0; j < output.numel(); ++j) {
    const Tensor gradient = analytic(output, j, {leaf}).front();
    if (!gradient.defined()) continue;
    if (gradient.sizes() != leaf.sizes()) {
      throw AutogradError(str(op, ": the gradient of inputs[", index, "] has shape ",
                              gradient.sizes(), ": expected the input's, ", leaf.sizes()));
    }
    rows[static_cast<std::size_t>(j)] = gradient.to_vector();
  }
  return rows;
}

bool run(const char* op, const GradcheckFunction& function, const std::vector<Tensor>& inputs,
         const GradcheckOptions& options) {
  check_inputs(op, inputs);
  const GradModeGuard recording(true);
  const std::vector<Tensor> leaves = fresh_leaves(inputs);
  const Tensor output = function(leaves);
  // All gradients come before the first difference, which changes what the graph has saved.
  std::vector<std::vector<std::vector<double>>> gradients;
  for (std::size_t i = 0; i < leaves.size(); ++i)
    gradients.push_back(jacobian(op, output, leaves[i], i));
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i].requires_grad()) check_input(op, function, leaves, i, gradients[i], options);
  }
  return true;
}

}  // namespace

bool gradcheck(const GradcheckFunction& function, const std::vector<Tensor>& inputs,
               const GradcheckOptions& options) {
  return run("gradcheck", function, inputs, options);
}

bool gradgradcheck(const GradcheckFunction& function, const std::vector<Tensor>& inputs,
                   const GradcheckOptions& options) {
  check_inputs("gradgradcheck", inputs);
  Generator generator(kSeed);
  // One more input weighs the outputs, so that the check also covers how the gradient depends on
  // it.
  std::vector<Tensor> all = inputs;
  {
    const NoGradGuard guard;
    const Tensor output = function(inputs);
    all.push_back(randn(output.sizes(), generator, {.dtype = kFloat64, .requires_grad = true}));
  }
  const std::uint64_t stream = generator.stream();
  const auto gradient = [&](const std::vector<Tensor>& values) {
    const GradModeGuard recording(true);
    const std::vector<Tensor> arguments(values.begin(), values.end() - 1);
    std::vector<Tensor> wanted;
    for (const Tensor& argument : arguments) {
      if (argument.requires_grad()) wanted.push_back(argument);
    }
    const Tensor output = function(arguments);
    Generator directions(kSeed, stream);
    Tensor total = zeros({}, {.dtype = kFloat64});
    if (!output.requires_grad()) return total;
    const std::vector<Tensor> gradients =
        grad({output}, wanted,
             {.grad_outputs = {values.back()}, .create_graph = true, .allow_unused = true});
    for (const Tensor& part : gradients) {
      if (part.defined())
        total = total + (part * randn(part.sizes(), directions, {.dtype = kFloat64})).sum();
    }
    return total;
  };
  return run("gradgradcheck", gradient, all, options);
}

}  // namespace tarn
