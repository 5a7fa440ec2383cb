#include <tarn/autograd/ops.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {
namespace {

Size2d size(Args args, const char* name, const Size2d& otherwise) {
  if (!args.has(name)) return otherwise;
  const Shape values = args.integers(name);
  return values.size() == 1 ? Size2d(values[0]) : Size2d(values[0], values[1]);
}

Tensor third(In x) { return x.size() == 3 ? x[2] : Tensor(); }

Tensor max_pool2d(In x, Args a) {
  const Size2d kernel = size(a, "kernel_size", 1);
  return tarn::max_pool2d(x[0], {.kernel_size = kernel,
                                 .stride = size(a, "stride", kernel),
                                 .padding = size(a, "padding", 0),
                                 .dilation = size(a, "dilation", 1),
                                 .ceil_mode = flag(a, "ceil_mode")});
}

Tensor avg_pool2d(In x, Args a) {
  const Size2d kernel = size(a, "kernel_size", 1);
  return tarn::avg_pool2d(x[0], {.kernel_size = kernel,
                                 .stride = size(a, "stride", kernel),
                                 .padding = size(a, "padding", 0),
                                 .ceil_mode = flag(a, "ceil_mode"),
                                 .count_include_pad = integer_or(a, "count_include_pad", 1) != 0});
}

// Of x alone, with weight and bias, with running statistics, or with all of them.
Tensor batch_norm(In x, Args a) {
  const BatchNormOptions options{.training = flag(a, "training"),
                                 .eps = a.has("eps") ? a.number("eps").to<double>() : 1e-5};
  if (x.size() == 1) return tarn::batch_norm(x[0], {}, {}, {}, {}, options);
  if (options.training) return tarn::batch_norm(x[0], {}, {}, x[1], x[2], options);
  return tarn::batch_norm(x[0], x[1], x[2], x.size() == 5 ? x[3] : Tensor(),
                          x.size() == 5 ? x[4] : Tensor(), options);
}

}  // namespace

std::vector<OpRow> images_rows() {
  return {
      {.name = "conv2d",
       .function =
           [](In x, Args a) {
             return conv2d(x[0], x[1], third(x),
                           {.stride = size(a, "stride", 1),
                            .padding = size(a, "padding", 0),
                            .dilation = size(a, "dilation", 1),
                            .groups = integer_or(a, "groups", 1)});
           },
       .no_zero_dim = "takes images",
       .cancels = true,
       .refused = {"int64", "int32", "uint8"}},
      {.name = "conv_transpose2d",
       .function =
           [](In x, Args a) {
             return conv_transpose2d(x[0], x[1], third(x),
                                     {.stride = size(a, "stride", 1),
                                      .padding = size(a, "padding", 0),
                                      .output_padding = size(a, "output_padding", 0),
                                      .groups = integer_or(a, "groups", 1),
                                      .dilation = size(a, "dilation", 1)});
           },
       .no_zero_dim = "takes images",
       .cancels = true,
       .refused = {"int64"}},
      {.name = "max_pool2d",
       .function = max_pool2d,
       .no_zero_dim = "takes images",
       .cancels = true},
      {.name = "avg_pool2d",
       .kind = OpKind::composite,
       .function = avg_pool2d,
       .no_zero_dim = "takes images",
       .cancels = true,
       .refused = {"int64"}},
      {.name = "batch_norm",
       .function = batch_norm,
       .no_zero_dim = "takes images",
       .cancels = true},
      {.name = "dropout2d",
       .function =
           [](In x, Args a) {
             return dropout2d(x[0], a.number("p").to<double>(), flag(a, "training"));
           },
       .elementwise = true,
       .no_zero_dim = "takes images"},
  };
}

}  // namespace tarn::testing
