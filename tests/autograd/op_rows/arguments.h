#pragma once

#include <tarn/autograd/ops/losses.h>

#include "../op_table.h"

// How the rows of the op table read the arguments of a sample.
namespace tarn::testing {

using In = const Inputs&;
using Args = const Arguments&;

inline Scalar alpha(Args args) { return args.has("alpha") ? args.number("alpha") : Scalar(1); }

inline bool flag(Args args, const char* name) { return args.has(name) && args.integer(name) != 0; }

inline std::int64_t integer_or(Args args, const char* name, std::int64_t otherwise) {
  return args.has(name) ? args.integer(name) : otherwise;
}

inline Shape dims(Args args) { return args.has("dims") ? args.integers("dims") : Shape(); }

inline double correction(Args args) {
  return args.has("correction") ? args.number("correction").to<double>() : 1;
}

inline Reduction reduction(Args args) {
  if (!args.has("reduction") || args.text("reduction") == "mean") return Reduction::mean;
  if (args.text("reduction") == "batchmean") return Reduction::batchmean;
  return args.text("reduction") == "sum" ? Reduction::sum : Reduction::none;
}

inline double number_or(Args args, const char* name, double otherwise) {
  return args.has(name) ? args.number(name).to<double>() : otherwise;
}

inline DType dtype(Args args) {
  for (const DType candidate : {kFloat32, kFloat64, kInt64, kInt32, kUInt8}) {
    if (args.text("dtype") == name(candidate)) return candidate;
  }
  return kBool;
}

}  // namespace tarn::testing
