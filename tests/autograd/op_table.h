#pragma once

#include <ostream>
#include <string>
#include <vector>

#include <tarn/tensor/tensor.h>

#include "fixture.h"

namespace tarn::testing {

using Inputs = std::vector<Tensor>;

/// How an op stands to the registry of differentiable ops.
enum class OpKind {
  recorded,            ///< listed in registered_ops() under its own name
  part,                ///< listed too, but only used inside of others
  composite,           ///< built from recorded ops
  not_differentiable,  ///< its result never requires grad
};

/// One form of one op. Its samples are the fixtures of the same name.
struct OpRow {
  std::string name;  ///< "add", or "add.scalar" for another form of add
  OpKind kind = OpKind::recorded;
  Tensor (*function)(const Inputs& inputs, const Arguments& arguments) = nullptr;
  bool elementwise =
      false;  ///< every element of the result depends on its own inputs alone: same bits anywhere
  // Why a column of the table does not apply; null where it does. A row with one operand cannot
  // broadcast, one whose result has no gradient has no derivatives to check: nobody need say so.
  const char* no_layouts = nullptr;
  const char* no_zero_dim = nullptr;
  const char* no_empty = nullptr;
  bool undefined = true;  ///< says by its own name that an input is undefined
  bool cancels = false;   ///< adds numbers of both signs: errors are relative to their size, not to
                          ///< the result's
  const char* no_gradcheck = nullptr;
  const char* no_broadcast = nullptr;
  const char* no_error = nullptr;
  // Dtypes of the first arguments for which it differs from PyTorch on purpose.
  std::vector<std::string> refused{};   ///< an error here, a result there
  std::vector<std::string> accepted{};  ///< a result here, an error there

  /// "add" for "add.scalar"
  std::string op() const { return name.substr(0, name.find('.')); }
};

/// How GoogleTest shows a row.
inline void PrintTo(const OpRow& row, std::ostream* out) { *out << row.name; }

/// Every op declared in autograd/ops/ and every recorded in-place method of Tensor.
const std::vector<OpRow>& op_table();

}  // namespace tarn::testing
