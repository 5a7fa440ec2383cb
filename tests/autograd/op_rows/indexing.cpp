#include <optional>
#include <sstream>

#include <tarn/autograd/ops.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {
namespace {

// "0;1:5:2;...;none;tensor": the entries of an index, whose tensors are the inputs from `next` on.
std::vector<Index> indices(Args args, In inputs, std::size_t next) {
  std::vector<Index> result;
  std::istringstream entries(args.text("index"));
  for (std::string entry; std::getline(entries, entry, ';');) {
    if (entry == "...") {
      result.emplace_back("...");
    } else if (entry == "none") {
      result.emplace_back(None);
    } else if (entry == "tensor") {
      result.emplace_back(inputs.at(next++));
    } else if (entry.find(':') == std::string::npos) {
      result.emplace_back(std::stoll(entry));
    } else {
      std::optional<std::int64_t> parts[3];
      std::istringstream numbers(entry);
      std::string number;
      for (auto& part : parts) {
        if (std::getline(numbers, number, ':') && !number.empty()) part = std::stoll(number);
      }
      result.emplace_back(Slice(parts[0], parts[1], parts[2].value_or(1)));
    }
  }
  return result;
}

}  // namespace

std::vector<OpRow> indexing_rows() {
  return {
      {.name = "index_select",
       .function = [](In x, Args a) { return index_select(x[0], a.integer("dim"), x[1]); },
       .no_zero_dim = "picks along a dimension"},
      {.name = "index_add",
       .function = [](In x, Args a) { return index_add(x[0], a.integer("dim"), x[1], x[2]); },
       .no_zero_dim = "picks along a dimension"},
      {.name = "gather",
       .function = [](In x, Args a) { return gather(x[0], a.integer("dim"), x[1]); }},
      {.name = "scatter",
       .function = [](In x, Args a) { return scatter(x[0], a.integer("dim"), x[1], x[2]); }},
      {.name = "scatter.value",
       .function = [](In x,
                      Args a) { return scatter(x[0], a.integer("dim"), x[1], a.number("value")); }},
      {.name = "scatter_add",
       .function = [](In x, Args a) { return scatter_add(x[0], a.integer("dim"), x[1], x[2]); }},
      {.name = "masked_select",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return masked_select(x[0], x[1]); }},
      {.name = "nonzero",
       .kind = OpKind::not_differentiable,
       .function = [](In x, Args) { return nonzero(x[0]); }},
      {.name = "flip",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return flip(x[0], a.integers("dims")); }},
      {.name = "index",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return index(x[0], indices(a, x, 1)); },
       .no_zero_dim = "picks along a dimension"},
      {.name = "index_put_",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) {
             Tensor y = x[0].clone();
             return index_put_(y, indices(a, x, 2), x[1], flag(a, "accumulate"));
           },
       .no_zero_dim = "picks along a dimension"},
      {.name = "index_put",
       .kind = OpKind::part,
       .function =
           [](In x, Args) {
             // Rows of a matrix: the plain form, which shows the op by its name.
             Tensor y = x[0].clone();
             index_put_(y, {x[1]}, x[2]);
             return y;
           },
       .no_zero_dim = "picks along a dimension",
       .undefined = false},
      {.name = "copy_slices",
       .kind = OpKind::part,
       .function =
           [](In x, Args a) {
             Tensor y = x[0].clone();
             y.narrow(a.integer("dim"), a.integer("start"), a.integer("length")).copy_(x[1]);
             return y;
           },
       .no_zero_dim = "picks along a dimension",
       .undefined = false},
      {.name = "as_strided",
       .kind = OpKind::part,
       .function =
           [](In x, Args a) {
             // A view made before its base was changed.
             Tensor y = x[0].clone();
             Tensor view = y.narrow(a.integer("dim"), a.integer("start"), a.integer("length"));
             y.mul_(x[1]);
             return view.transpose(0, -1);
           },
       .no_zero_dim = "picks along a dimension",
       .undefined = false,
       .no_broadcast = "a factor of one shape",
       .refused = {"bool"}},
  };
}

}  // namespace tarn::testing
