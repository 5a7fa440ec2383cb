#include <algorithm>

#include <tarn/autograd/ops.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {
namespace {

// The one that the sample asks for; the last one where there are not so many.
Tensor part(const std::vector<Tensor>& parts, Args a) {
  return parts.at(std::min(static_cast<std::size_t>(a.integer("part")), parts.size() - 1));
}

}  // namespace

std::vector<OpRow> joining_rows() {
  return {
      {.name = "cat",
       .function = [](In x, Args a) { return cat(x, a.integer("dim")); },
       .no_zero_dim = "joins or cuts along a dimension"},
      {.name = "stack",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return stack(x, a.integer("dim")); },
       .no_broadcast = "joins tensors of one shape"},
      {.name = "repeat",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return repeat(x[0], a.integers("repeats")); }},
      {.name = "split",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) {
             return part(split(x[0], a.integer("split_size"), a.integer("dim")), a);
           },
       .no_zero_dim = "joins or cuts along a dimension"},
      {.name = "chunk",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) { return part(chunk(x[0], a.integer("chunks"), a.integer("dim")), a); },
       .no_zero_dim = "joins or cuts along a dimension"},
  };
}

}  // namespace tarn::testing
