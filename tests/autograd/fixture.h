#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn::testing {

/// The plain arguments of a sample by name, as text: "2" is an integer, "2.0" a floating-point
/// number, "2,3" a list.
class Arguments {
 public:
  void set(const std::string& name, const std::string& text) { texts_[name] = text; }
  bool has(const std::string& name) const { return texts_.contains(name); }
  const std::string& text(const std::string& name) const { return texts_.at(name); }
  /// An integer or a floating-point number, as it was written.
  Scalar number(const std::string& name) const;
  std::int64_t integer(const std::string& name) const { return number(name).to<std::int64_t>(); }
  Shape integers(const std::string& name) const;
  /// All of them: name to text.
  const std::map<std::string, std::string>& texts() const { return texts_; }

 private:
  std::map<std::string, std::string> texts_;
};

/// One input of a sample.
struct Input {
  Tensor value;
  bool variable = false;  ///< its gradient is part of the fixture
};

/// A sample of an op with what PyTorch computes for it. Tensors of a sample that is not
/// differentiable are undefined.
struct Fixture {
  std::string op;      ///< the row of the op table: "add", "add.scalar"
  std::string sample;  ///< what it is about: "empty_inside"
  std::string dtype;   ///< "float32", "float64", or "mixed"
  bool smooth =
      false;  ///< the op is differentiable around the inputs, so that central differences apply
  Arguments arguments;
  std::vector<Input> inputs;
  Tensor output;
  Tensor grad_output;             ///< random
  std::vector<Tensor> gradients;  ///< of sum(grad_output * output), one for each variable
  std::vector<Tensor>
      weights;  ///< random, one for each variable; empty where second derivatives are not stored
  std::vector<Tensor>
      second;  ///< of sum_i sum(weights[i] * gradients[i]): for each variable, and for grad_output

  bool error = false;  ///< PyTorch refuses the inputs
  /// "row (float32)"
  std::string name() const { return sample + " (" + dtype + ")"; }
};

/// All fixtures of one row, in the order of their file, tests/fixtures/ops/*.txt. Its lines are
///
///   sample OP NAME DTYPE [smooth]
///   arg NAME TEXT
///   variable|constant|output|grad_output|gradient|weight|second DTYPE SIZES BITS
///   error
///
/// SIZES is "2,3", or "-" for a 0-d tensor. BITS holds every element in row-major order as
/// hexadecimal digits of its bits, the most significant first.
const std::vector<Fixture>& fixtures_of(const std::string& op);

/// One sample of the row in each dtype, from tests/fixtures/dtypes.txt.
const std::vector<Fixture>& dtype_fixtures_of(const std::string& op);

/// The rows that have fixtures.
std::vector<std::string> fixture_rows();

}  // namespace tarn::testing
