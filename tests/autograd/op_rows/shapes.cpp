#include <tarn/autograd/ops.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {

std::vector<OpRow> shapes_rows() {
  return {
      {.name = "view",
       .function = [](In x, Args a) { return view(x[0], a.integers("shape")); },
       .no_layouts = "view() refuses layouts that it would have to copy"},
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
      {.name = "squeeze.all",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return squeeze(x[0]); }},
      {.name = "tril",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return tril(x[0], integer_or(a, "diagonal", 0)); },
       .no_zero_dim = "is about matrices"},
      {.name = "triu",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return triu(x[0], integer_or(a, "diagonal", 0)); },
       .no_zero_dim = "is about matrices"},
      {.name = "unsqueeze",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return unsqueeze(x[0], a.integer("dim")); }},
      {.name = "expand",
       .function = [](In x, Args a) { return expand(x[0], a.integers("shape")); }},
      {.name = "select",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return select(x[0], a.integer("dim"), a.integer("index")); },
       .no_zero_dim = "has no dimension to cut"},
      {.name = "slice",
       .function =
           [](In x, Args a) {
             return slice(x[0], a.integer("dim"), a.integer("start"), a.integer("end"),
                          integer_or(a, "step", 1));
           },
       .no_zero_dim = "has no dimension to cut"},
      {.name = "narrow",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) {
             return narrow(x[0], a.integer("dim"), a.integer("start"), a.integer("length"));
           },
       .no_zero_dim = "has no dimension to cut"},
      {.name = "clone", .function = [](In x, Args) { return clone(x[0]); }, .elementwise = true},
      {.name = "contiguous",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return contiguous(x[0]); },
       .elementwise = true},
      {.name = "to",
       .function = [](In x, Args a) { return to(x[0], dtype(a)); },
       .elementwise = true},
  };
}

}  // namespace tarn::testing
