#include "op_table.h"

#include <tarn/autograd/ops.h>
#include <tarn/tensor/random.h>

namespace tarn::testing {
namespace {

using In = const Inputs&;
using Args = const Arguments&;

Scalar alpha(Args args) { return args.has("alpha") ? args.number("alpha") : Scalar(1); }

bool flag(Args args, const char* name) { return args.has(name) && args.integer(name) != 0; }

std::int64_t integer_or(Args args, const char* name, std::int64_t otherwise) {
  return args.has(name) ? args.integer(name) : otherwise;
}

Reduction reduction(Args args) {
  if (!args.has("reduction") || args.text("reduction") == "mean") return Reduction::mean;
  return args.text("reduction") == "sum" ? Reduction::sum : Reduction::none;
}

DType dtype(Args args) {
  for (const DType candidate : {kFloat32, kFloat64, kInt64, kInt32, kUInt8}) {
    if (args.text("dtype") == name(candidate)) return candidate;
  }
  return kBool;
}

std::vector<OpRow> arithmetic_rows() {
  return {
      {.name = "add",
       .function = [](In x, Args a) { return add(x[0], x[1], alpha(a)); },
       .elementwise = true,
       .broadcasts = true},
      {.name = "add.scalar",
       .function = [](In x, Args a) { return x[0] + a.number("value"); },
       .elementwise = true},
      {.name = "add.scalar_left",
       .function = [](In x, Args a) { return a.number("value") + x[0]; },
       .elementwise = true},
      {.name = "sub",
       .function = [](In x, Args a) { return sub(x[0], x[1], alpha(a)); },
       .elementwise = true,
       .broadcasts = true},
      {.name = "sub.scalar",
       .function = [](In x, Args a) { return x[0] - a.number("value"); },
       .elementwise = true},
      {.name = "sub.scalar_left",
       .function = [](In x, Args a) { return a.number("value") - x[0]; },
       .elementwise = true},
      {.name = "mul",
       .function = [](In x, Args) { return x[0] * x[1]; },
       .elementwise = true,
       .broadcasts = true},
      {.name = "mul.scalar",
       .function = [](In x, Args a) { return x[0] * a.number("value"); },
       .elementwise = true},
      {.name = "mul.scalar_left",
       .function = [](In x, Args a) { return a.number("value") * x[0]; },
       .elementwise = true},
      {.name = "div",
       .function = [](In x, Args) { return x[0] / x[1]; },
       .elementwise = true,
       .broadcasts = true},
      {.name = "div.scalar",
       .function = [](In x, Args a) { return x[0] / a.number("value"); },
       .elementwise = true},
      {.name = "div.scalar_left",
       .function = [](In x, Args a) { return a.number("value") / x[0]; },
       .elementwise = true},
      {.name = "neg", .function = [](In x, Args) { return -x[0]; }, .elementwise = true},
  };
}

std::vector<OpRow> pointwise_rows() {
  return {
      {.name = "exp", .function = [](In x, Args) { return exp(x[0]); }, .elementwise = true},
      {.name = "log", .function = [](In x, Args) { return log(x[0]); }, .elementwise = true},
      {.name = "sqrt", .function = [](In x, Args) { return sqrt(x[0]); }, .elementwise = true},
      {.name = "square", .function = [](In x, Args) { return square(x[0]); }, .elementwise = true},
      {.name = "abs", .function = [](In x, Args) { return abs(x[0]); }, .elementwise = true},
      {.name = "pow",
       .function = [](In x, Args a) { return pow(x[0], a.number("exponent")); },
       .elementwise = true},
      {.name = "relu", .function = [](In x, Args) { return relu(x[0]); }, .elementwise = true},
      {.name = "tanh",
       .function = [](In x, Args) { return tanh(x[0]); },
       .elementwise = true,
       .cancels = true},
      {.name = "sigmoid",
       .function = [](In x, Args) { return sigmoid(x[0]); },
       .elementwise = true,
       .cancels = true},
      {.name = "dropout",
       .function =
           [](In x, Args a) {
             Generator generator(1);  // every evaluation draws the same mask
             const GeneratorGuard guard(generator);
             return dropout(x[0], a.number("p").to<double>(), flag(a, "training"));
           },
       .elementwise = true},
      {.name = "eq",
       .kind = OpKind::not_differentiable,
       .function = [](In x, Args) { return eq(x[0], x[1]); },
       .elementwise = true,
       .broadcasts = true},
  };
}

std::vector<OpRow> reduction_rows() {
  return {
      {.name = "sum", .function = [](In x, Args) { return sum(x[0]); }, .cancels = true},
      {.name = "sum.dims",
       .function = [](In x, Args a) { return sum(x[0], a.integers("dims"), flag(a, "keepdim")); },
       .cancels = true},
      {.name = "mean", .function = [](In x, Args) { return mean(x[0]); }, .cancels = true},
      {.name = "mean.dims",
       .function = [](In x, Args a) { return mean(x[0], a.integers("dims"), flag(a, "keepdim")); },
       .cancels = true},
      {.name = "sum_to",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return sum_to(x[0], a.integers("shape")); },
       .cancels = true},
      {.name = "argmax",
       .kind = OpKind::not_differentiable,
       .function = [](In x, Args a) { return argmax(x[0], a.integer("dim"), flag(a, "keepdim")); }},
  };
}

std::vector<OpRow> matrix_rows() {
  return {
      {.name = "matmul",
       .function = [](In x, Args) { return matmul(x[0], x[1]); },
       .zero_dim = false,
       .cancels = true},
      {.name = "linear",
       .function = [](In x, Args) { return linear(x[0], x[1], x.size() == 3 ? x[2] : Tensor()); },
       .zero_dim = false,
       .cancels = true},
  };
}

std::vector<OpRow> loss_rows() {
  return {
      {.name = "softmax",
       .function = [](In x, Args a) { return softmax(x[0], a.integer("dim")); },
       .cancels = true},
      {.name = "log_softmax",
       .function = [](In x, Args a) { return log_softmax(x[0], a.integer("dim")); },
       .cancels = true},
      {.name = "nll_loss",
       .function =
           [](In x, Args a) {
             return nll_loss(
                 x[0], x[1],
                 {.ignore_index = integer_or(a, "ignore_index", -100), .reduction = reduction(a)});
           },
       .zero_dim = false,
       .cancels = true},
      {.name = "cross_entropy",
       .function =
           [](In x, Args a) {
             return cross_entropy(
                 x[0], x[1],
                 {.ignore_index = integer_or(a, "ignore_index", -100), .reduction = reduction(a)});
           },
       .zero_dim = false,
       .cancels = true},
      {.name = "mse_loss",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return mse_loss(x[0], x[1], {.reduction = reduction(a)}); },
       .cancels = true},
  };
}

std::vector<OpRow> shape_rows() {
  return {
      {.name = "view",
       .function = [](In x, Args a) { return view(x[0], a.integers("shape")); },
       .any_layout = false},
      {.name = "reshape",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return reshape(x[0], a.integers("shape")); }},
      {.name = "flatten",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) {
             return flatten(x[0], integer_or(a, "start_dim", 0), integer_or(a, "end_dim", -1));
           }},
      {.name = "transpose",
       .function = [](In x,
                      Args a) { return transpose(x[0], a.integer("dim0"), a.integer("dim1")); }},
      {.name = "permute",
       .function = [](In x, Args a) { return permute(x[0], a.integers("dims")); }},
      {.name = "squeeze",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return squeeze(x[0], a.integer("dim")); }},
      {.name = "unsqueeze",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return unsqueeze(x[0], a.integer("dim")); }},
      {.name = "expand",
       .function = [](In x, Args a) { return expand(x[0], a.integers("shape")); }},
      {.name = "select",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return select(x[0], a.integer("dim"), a.integer("index")); },
       .zero_dim = false},
      {.name = "slice",
       .function =
           [](In x, Args a) {
             return slice(x[0], a.integer("dim"), a.integer("start"), a.integer("end"),
                          integer_or(a, "step", 1));
           },
       .zero_dim = false},
      {.name = "narrow",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) {
             return narrow(x[0], a.integer("dim"), a.integer("start"), a.integer("length"));
           },
       .zero_dim = false},
      {.name = "clone", .function = [](In x, Args) { return clone(x[0]); }, .elementwise = true},
      {.name = "contiguous",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return contiguous(x[0]); },
       .elementwise = true},
      {.name = "to",
       .function = [](In x, Args a) { return to(x[0], dtype(a)); },
       .elementwise = true},
      {.name = "index_select",
       .function = [](In x, Args a) { return index_select(x[0], a.integer("dim"), x[1]); },
       .zero_dim = false},
      {.name = "stack",
       .kind = OpKind::not_differentiable,
       .function = [](In x, Args) { return stack(x); }},
  };
}

// Each changes a clone, as a leaf may not be changed.
std::vector<OpRow> in_place_rows() {
  return {
      {.name = "add_",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().add_(x[1], alpha(a))); },
       .elementwise = true,
       .broadcasts = true},
      {.name = "add_.scalar",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().add_(a.number("value"))); },
       .elementwise = true},
      {.name = "sub_",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().sub_(x[1], alpha(a))); },
       .elementwise = true,
       .broadcasts = true},
      {.name = "sub_.scalar",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().sub_(a.number("value"))); },
       .elementwise = true},
      {.name = "mul_",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return Tensor(x[0].clone().mul_(x[1])); },
       .elementwise = true,
       .broadcasts = true},
      {.name = "mul_.scalar",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().mul_(a.number("value"))); },
       .elementwise = true},
      {.name = "div_",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return Tensor(x[0].clone().div_(x[1])); },
       .elementwise = true,
       .broadcasts = true},
      {.name = "div_.scalar",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().div_(a.number("value"))); },
       .elementwise = true},
      {.name = "copy_",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return Tensor(x[0].clone().copy_(x[1])); },
       .elementwise = true,
       .broadcasts = true},
      {.name = "fill_",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().fill_(a.number("value"))); },
       .elementwise = true},
      {.name = "clamp_",
       .kind = OpKind::not_differentiable,
       .function =
           [](In x, Args a) {
             return Tensor(x[0].clone().clamp_(a.number("min"), a.number("max")));
           },
       .elementwise = true},
  };
}

}  // namespace

const std::vector<OpRow>& op_table() {
  static const std::vector<OpRow> table = [] {
    std::vector<OpRow> rows;
    for (const auto& part : {arithmetic_rows(), pointwise_rows(), reduction_rows(), matrix_rows(),
                             loss_rows(), shape_rows(), in_place_rows()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return table;
}

}  // namespace tarn::testing
