#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/detail/pass.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/per_sample.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

using Tensors = std::vector<Tensor>;

// The losses' weights in the second pass are powers of two, which change no rounding, drawn for
// each example, so that no pattern of coupled examples fits them.
constexpr std::uint64_t kSeed = 0x7a726e;
constexpr std::int64_t kExponents = 32;
constexpr double kTolerance = 1e-4;

// One op that uses a parameter.
struct Use {
  std::size_t param;
  intrusive_ptr<Node> node;
  std::size_t edge;
};

// What a use of a parameter adds to its gradient, by the rows of the gradient of the use's result:
// `count` rows belong to each example.
struct Part {
  Tensor gradient;  // row-major
  RowGradients rows;
  std::int64_t count;

  bool is_outer_product() const { return rows.factor.defined() && count == 1; }
};

Tensor row_major(const Tensor& x) { return kernels::cast(x, x.dtype(), /*contiguous=*/true); }

void check_arguments(const char* op, const Tensor& losses, const Tensors& params) {
  if (losses.dim() != 1) {
    throw ShapeError(str(op, ": losses has shape ", losses.sizes(),
                         ": expected [N], one loss for each example; ask the loss for "
                         "{.reduction = Reduction::none}"));
  }
  if (!losses.requires_grad())
    throw AutogradError(str(op, ": losses (shape ", losses.sizes(), ") does not require grad"));
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (!params[i].requires_grad()) {
      throw AutogradError(
          str(op, ": params[", i, "] (shape ", params[i].sizes(), ") does not require grad"));
    }
  }
}

std::vector<Use> find_uses(const char* op, const Tensor& losses, const Tensors& params) {
  std::vector<intrusive_ptr<Node>> nodes;
  for (const Tensor& param : params) nodes.push_back(gradient_node(param));
  std::vector<Use> uses;
  std::vector<bool> used(params.size());
  const intrusive_ptr<Node> root = gradient_node(losses);
  const Pass pass({&root, 1});
  pass.for_each([&](Node& node) {
    for (std::size_t edge = 0; edge < node.edges().size(); ++edge) {
      for (std::size_t p = 0; p < params.size(); ++p) {
        if (node.edges()[edge] != nodes[p]) continue;
        uses.push_back({p, intrusive_ptr<Node>(&node), edge});
        used[p] = true;
      }
    }
  });
  for (std::size_t p = 0; p < params.size(); ++p) {
    if (used[p]) continue;
    throw AutogradError(
        str(op, ": the losses do not depend on params[", p, "] (shape ", params[p].sizes(), ")"));
  }
  return uses;
}

// The gradients of the weighted losses with respect to the result of each use; undefined where none
// arrives.
Tensors result_gradients(const Tensor& losses, const std::vector<Use>& uses,
                         const Tensor& weights) {
  const intrusive_ptr<Node> root = gradient_node(losses);
  std::vector<intrusive_ptr<Node>> targets;
  targets.reserve(uses.size());
  for (const Use& use : uses) targets.push_back(use.node);
  Pass pass({&root, 1});
  pass.set_targets(targets);
  pass.add_gradient(*root, weights);
  pass.run(/*retain_graph=*/true);
  Tensors gradients;
  for (const Use& use : uses) {
    const Tensor& gradient = pass.gradient(*use.node);
    gradients.push_back(gradient.defined() ? row_major(gradient) : gradient);
  }
  return gradients;
}

RowGradients rows_of(const char* op, const Use& use, const Tensor& gradient) {
  if (use.node->released) {
    throw AutogradError(str(op, ": this graph has already been freed by backward(), as its op ",
                            describe(*use.node), " shows; call this first"));
  }
  const CurrentNodeGuard running(use.node.get());
  RowGradients rows = use.node->row_gradients(use.edge, gradient);
  if (!rows.sum) {
    throw AutogradError(str(op, ": params[", use.param, "] is used by ", describe(*use.node),
                            ", which cannot tell the examples of a batch apart, as linear() and "
                            "conv2d() can; set .loop = true for a pass for each example"));
  }
  return rows;
}

// Whether row i of `weighted` [N, *] is weights[i] times row i of `plain`.
bool follows(const Tensor& plain, const Tensor& weighted, const std::vector<double>& weights) {
  const auto n = static_cast<std::int64_t>(weights.size());
  return kernels::visit_floating("per_sample_gradients", plain.dtype(), [&]<class T>() {
    const std::int64_t width = plain.numel() / n;
    for (std::int64_t i = 0; i < n; ++i) {
      const T* const a = plain.data_ptr<T>() + i * width;
      const T* const b = weighted.data_ptr<T>() + i * width;
      const T weight = static_cast<T>(weights[static_cast<std::size_t>(i)]);
      T largest = 0;
      T difference = 0;
      for (std::int64_t k = 0; k < width; ++k) {
        const T expected = a[k] * weight;
        if (expected == b[k] || std::isnan(expected)) continue;
        largest = std::max(largest, std::abs(expected));
        difference = std::max(difference, std::abs(expected - b[k]));
      }
      // Below the smallest normal number powers of two round, too.
      const T small = 1000 * std::numeric_limits<T>::min() * weight;
      if (!(difference <= static_cast<T>(kTolerance) * largest + small)) return false;
    }
    return true;
  });
}

// What adds up to each parameter's gradient, verified to belong to one example row by row.
std::vector<std::vector<Part>> find_parts(const char* op, const Tensor& losses,
                                          const Tensors& params) {
  const std::int64_t n = losses.numel();
  const std::vector<Use> uses = find_uses(op, losses, params);
  Generator generator(kSeed);
  std::vector<double> weights;
  for (const double exponent : randint(0, kExponents, {n}, generator).to_vector())
    weights.push_back(std::exp2(exponent));
  const Tensors plain = result_gradients(losses, uses, ones_like(losses));
  const Tensors weighted =
      result_gradients(losses, uses, from_vector(weights, {n}).to(losses.dtype()));
  std::vector<std::vector<Part>> parts(params.size());
  for (std::size_t u = 0; u < uses.size(); ++u) {
    if (!plain[u].defined()) continue;
    RowGradients rows = rows_of(op, uses[u], plain[u]);
    const std::int64_t count = plain[u].dim() == 0 ? 0 : plain[u].sizes()[0];
    if (count % n != 0 || !follows(plain[u], weighted[u], weights)) {
      throw AutogradError(str(op, ": losses[i] does not depend on row i alone of the result of ",
                              describe(*uses[u].node), ", shape ", uses[u].node->sizes, " for ", n,
                              " losses: examples are coupled, as by BatchNorm in training, or not "
                              "in the first dimension; set .loop = true for a pass for each "
                              "example"));
    }
    parts[uses[u].param].push_back({plain[u], std::move(rows), count / n});
  }
  return parts;
}

bool is_outer_product(const std::vector<Part>& parts) {
  return parts.size() == 1 && parts[0].is_outer_product();
}

// The gradient of losses[i].
Tensor add_up(const std::vector<Part>& parts, std::int64_t i) {
  Tensor total;
  for (const Part& part : parts) {
    const Tensor own = part.rows.sum(i * part.count, part.count);
    total = total.defined() ? add(total, own) : own;
  }
  return total;
}

// The squared norms of the n rows of a row-major tensor [n, *].
std::vector<double> square_norms(const Tensor& x, std::int64_t n) {
  std::vector<double> norms;
  kernels::visit_floating("per_sample_gradients", x.dtype(), [&]<class T>() {
    const std::int64_t width = x.numel() / n;
    for (std::int64_t i = 0; i < n; ++i) {
      const T* const row = x.data_ptr<T>() + i * width;
      std::array<double, 16> lanes{};  // as many running sums as keep vector units busy
      std::int64_t k = 0;
      for (; k + 16 <= width; k += 16) {
        for (std::int64_t lane = 0; lane < 16; ++lane) {
          const auto value = static_cast<double>(row[k + lane]);
          lanes[static_cast<std::size_t>(lane)] += value * value;
        }
      }
      for (; k < width; ++k) lanes[0] += static_cast<double>(row[k]) * static_cast<double>(row[k]);
      norms.push_back(std::accumulate(lanes.begin(), lanes.end(), 0.0));
    }
  });
  return norms;
}

// Calls f(i, gradients) with the gradients of losses[i] alone.
template <class F>
void for_each_loss(const Tensor& losses, const Tensors& params, F f) {
  for (std::int64_t i = 0; i < losses.numel(); ++i) {
    const Tensor direction = zeros_like(losses);
    direction[i].fill_(1);
    f(i, grad({losses}, params, {.grad_outputs = {direction}, .retain_graph = true}));
  }
}

}  // namespace

Tensors per_sample_gradients(const Tensor& losses, const Tensors& params,
                             const PerSampleOptions& options) {
  constexpr const char* kName = "per_sample_gradients";
  check_arguments(kName, losses, params);
  const std::lock_guard lock(Pass::mutex());
  const NoGradGuard outside;
  const std::int64_t n = losses.numel();
  Tensors results;
  for (const Tensor& param : params) {
    Shape shape = {n};
    for (const std::int64_t size : param.sizes()) shape.push_back(size);
    results.push_back(zeros(shape, {.dtype = param.dtype()}));
  }
  if (n == 0) return results;
  if (options.loop) {
    for_each_loss(losses, params, [&](std::int64_t i, const Tensors& gradients) {
      for (std::size_t p = 0; p < params.size(); ++p) results[p][i].copy_(gradients[p]);
    });
    return results;
  }
  const auto parts = find_parts(kName, losses, params);
  for (std::size_t p = 0; p < params.size(); ++p) {
    if (is_outer_product(parts[p])) {
      const Part& only = parts[p][0];
      results[p] = mul(only.gradient.reshape({n, -1, 1}), only.rows.factor.reshape({n, 1, -1}))
                       .reshape(results[p].sizes());
      continue;
    }
    for (std::int64_t i = 0; i < n && !parts[p].empty(); ++i)
      results[p][i].copy_(add_up(parts[p], i));
  }
  return results;
}

Tensor per_sample_gradient_norms(const Tensor& losses, const Tensors& params,
                                 const PerSampleOptions& options) {
  constexpr const char* kName = "per_sample_gradient_norms";
  check_arguments(kName, losses, params);
  const std::lock_guard lock(Pass::mutex());
  const NoGradGuard outside;
  const std::int64_t n = losses.numel();
  std::vector<double> squares(static_cast<std::size_t>(n));
  if (options.loop) {
    for_each_loss(losses, params, [&](std::int64_t i, const Tensors& gradients) {
      for (const Tensor& g : gradients)
        squares[static_cast<std::size_t>(i)] += square_norms(row_major(g), 1)[0];
    });
  } else if (n > 0) {
    for (const std::vector<Part>& parts : find_parts(kName, losses, params)) {
      if (is_outer_product(parts)) {
        const std::vector<double> left = square_norms(parts[0].gradient, n);
        const std::vector<double> right = square_norms(row_major(parts[0].rows.factor), n);
        for (std::size_t i = 0; i < squares.size(); ++i) squares[i] += left[i] * right[i];
        continue;
      }
      for (std::int64_t i = 0; i < n && !parts.empty(); ++i) {
        squares[static_cast<std::size_t>(i)] += square_norms(row_major(add_up(parts, i)), 1)[0];
      }
    }
  }
  for (double& square : squares) square = std::sqrt(square);
  return from_vector(squares, {n}).to(losses.dtype());
}

}  // namespace tarn
