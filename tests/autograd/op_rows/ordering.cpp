#include <tarn/autograd/ops.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {

std::vector<OpRow> ordering_rows() {
  return {
      {.name = "max.dim",
       .kind = OpKind::composite,
       .function = [](In x,
                      Args a) { return max(x[0], a.integer("dim"), flag(a, "keepdim")).values; }},
      {.name = "max.indices",
       .kind = OpKind::not_differentiable,
       .function = [](In x,
                      Args a) { return max(x[0], a.integer("dim"), flag(a, "keepdim")).indices; }},
      {.name = "min.dim",
       .kind = OpKind::composite,
       .function = [](In x,
                      Args a) { return min(x[0], a.integer("dim"), flag(a, "keepdim")).values; }},
      {.name = "min.indices",
       .kind = OpKind::not_differentiable,
       .function = [](In x,
                      Args a) { return min(x[0], a.integer("dim"), flag(a, "keepdim")).indices; }},
      {.name = "max",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return max(x[0]); },
       .no_empty = "no elements have no extreme: an error, as in PyTorch"},
      {.name = "min",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return min(x[0]); },
       .no_empty = "no elements have no extreme: an error, as in PyTorch"},
      {.name = "amax",
       .function = [](In x, Args a) { return amax(x[0], dims(a), flag(a, "keepdim")); }},
      {.name = "amin",
       .function = [](In x, Args a) { return amin(x[0], dims(a), flag(a, "keepdim")); }},
      {.name = "argmax",
       .kind = OpKind::not_differentiable,
       .function = [](In x, Args a) { return argmax(x[0], a.integer("dim"), flag(a, "keepdim")); },
       .accepted = {"bool"}},
      {.name = "argmax.all",
       .kind = OpKind::not_differentiable,
       .function = [](In x, Args) { return argmax(x[0]); },
       .no_empty = "no elements have no extreme: an error, as in PyTorch",
       .accepted = {"bool"}},
      {.name = "argmin",
       .kind = OpKind::not_differentiable,
       .function = [](In x, Args a) { return argmin(x[0], a.integer("dim"), flag(a, "keepdim")); },
       .accepted = {"bool"}},
      {.name = "argmin.all",
       .kind = OpKind::not_differentiable,
       .function = [](In x, Args) { return argmin(x[0]); },
       .no_empty = "no elements have no extreme: an error, as in PyTorch",
       .accepted = {"bool"}},
      {.name = "sort",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) { return sort(x[0], a.integer("dim"), flag(a, "descending")).values; }},
      {.name = "argsort",
       .kind = OpKind::not_differentiable,
       .function = [](In x,
                      Args a) { return argsort(x[0], a.integer("dim"), flag(a, "descending")); }},
      {.name = "topk",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) {
             return topk(x[0], a.integer("k"), a.integer("dim"), flag(a, "largest")).values;
           },
       .accepted = {"bool"}},
      {.name = "topk.indices",
       .kind = OpKind::not_differentiable,
       .function =
           [](In x, Args a) {
             return topk(x[0], a.integer("k"), a.integer("dim"), flag(a, "largest")).indices;
           },
       .accepted = {"bool"}},
  };
}

}  // namespace tarn::testing
