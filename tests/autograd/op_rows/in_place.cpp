#include <tarn/autograd/ops.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {

// Each changes a clone, as a leaf may not be changed.
namespace {

const char* const kChangesAClone =
    "the row changes a clone, which is always a fit target: see operand_errors_test.cpp";

}  // namespace

std::vector<OpRow> in_place_rows() {
  return {
      {.name = "add_",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().add_(x[1], alpha(a))); },
       .elementwise = true,
       .refused = {"bool"}},
      {.name = "add_.scalar",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().add_(a.number("value"))); },
       .elementwise = true,
       .no_error = kChangesAClone},
      {.name = "sub_",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().sub_(x[1], alpha(a))); },
       .elementwise = true},
      {.name = "sub_.scalar",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().sub_(a.number("value"))); },
       .elementwise = true,
       .no_error = kChangesAClone},
      {.name = "mul_",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return Tensor(x[0].clone().mul_(x[1])); },
       .elementwise = true,
       .refused = {"bool"}},
      {.name = "mul_.scalar",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().mul_(a.number("value"))); },
       .elementwise = true,
       .no_error = kChangesAClone},
      {.name = "div_",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return Tensor(x[0].clone().div_(x[1])); },
       .elementwise = true},
      {.name = "div_.scalar",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().div_(a.number("value"))); },
       .elementwise = true,
       .no_error = kChangesAClone},
      {.name = "copy_",
       .kind = OpKind::composite,
       .function = [](In x, Args) { return Tensor(x[0].clone().copy_(x[1])); },
       .elementwise = true},
      {.name = "fill_",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return Tensor(x[0].clone().fill_(a.number("value"))); },
       .elementwise = true,
       .no_error = kChangesAClone},
      {.name = "scatter_",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) {
             return Tensor(x[0].clone().scatter_(a.integer("dim"), x[1], x[2]));
           }},
      {.name = "scatter_.value",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) {
             return Tensor(x[0].clone().scatter_(a.integer("dim"), x[1], a.number("value")));
           }},
      {.name = "clamp_",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) {
             return Tensor(x[0].clone().clamp_(a.number("min"), a.number("max")));
           },
       .elementwise = true,
       .no_error = kChangesAClone},
      {.name = "masked_fill_",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) { return Tensor(x[0].clone().masked_fill_(x[1], a.number("value"))); },
       .elementwise = true},
  };
}

}  // namespace tarn::testing
