#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include <tarn/autograd/gradcheck.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "../tensor/random_shapes.h"
#include "layouts.h"
#include "op_evaluation.h"

// Every op with arguments of random shapes, dtypes, layouts and values, made by changing those of
// its samples: the result is right, or an error of tarn's.
//
//   TARN_TRIALS=5000     calls per row of the op table, instead of 60
//   TARN_SEED=17         other calls
//   TARN_TRACE=1         prints each call before it is made
namespace tarn::testing {
namespace {

std::int64_t number_from_environment(const char* name, std::int64_t otherwise) {
  const char* const text = std::getenv(name);
  return text ? std::atoll(text) : otherwise;
}

struct Call {
  Inputs inputs;
  std::vector<bool> variable;  // which of them the op is differentiable in
  Arguments arguments;
  bool rounds = true;  // in float32 it does the same as in float64, up to rounding
  bool usual = true;   // only sizes and values differ from the sample's
};

std::string describe(const OpRow& row, const Call& call) {
  std::ostringstream text;
  text << row.name;
  for (const Tensor& x : call.inputs)
    text << "\n  " << str(x.dtype(), ' ', x.sizes(), " strides ", x.strides()) << ' '
         << (x.numel() > 40 ? "" : to_string(x));
  for (const auto& [name, value] : call.arguments.texts()) text << "\n  " << name << " = " << value;
  return text.str();
}

// One sample after another, each changed at random.
class Calls {
 public:
  Calls(const OpRow& row, unsigned seed) : samples_(fixtures_of(row.name)), dice_(seed) {}

  Call next() {
    const Fixture& sample = samples_[pick(samples_.size())];
    Call call;
    call.arguments = sample.arguments;
    std::vector<Shape> shapes;
    for (const Input& input : sample.inputs) {
      shapes.push_back(input.value.sizes());
      call.variable.push_back(input.variable);
    }
    if (dice_.coin()) change_sizes(shapes, call);
    for (std::size_t i = 0; i < shapes.size(); ++i)
      call.inputs.push_back(values_like(sample.inputs[i].value, shapes[i], sample.smooth, call));
    if (dice_.roll(0, 2) == 0) change_dtypes(call);
    if (dice_.roll(0, 2) == 0) change_argument(call);
    smooth_ = sample.smooth && call.usual;
    return call;
  }

  // Whether the op is differentiable around the inputs of the last call.
  bool smooth() const { return smooth_; }
  Dice& dice() { return dice_; }

 private:
  std::size_t pick(std::size_t count) {
    return static_cast<std::size_t>(dice_.roll(0, static_cast<std::int64_t>(count) - 1));
  }

  // One size becomes another wherever it occurs, or in one place; a dimension comes or goes.
  void change_sizes(std::vector<Shape>& shapes, Call& call) {
    std::vector<std::int64_t> sizes;
    for (const Shape& shape : shapes) sizes.insert(sizes.end(), shape.begin(), shape.end());
    const std::int64_t size = dice_.roll(0, 9) == 0 ? 40 : dice_.roll(0, 6);
    Shape& one = shapes[pick(shapes.size())];
    const std::int64_t way = sizes.empty() ? 3 : dice_.roll(0, 5);
    if (way <= 2) {
      const std::int64_t old = sizes[pick(sizes.size())];
      for (Shape& shape : shapes) std::replace(shape.begin(), shape.end(), old, size);
      return;
    }
    call.usual = false;
    if (way == 3 && one.size() < 8) {
      one.insert(static_cast<int>(dice_.roll(0, one.size())), dice_.coin() ? 1 : size);
    } else if (!one.empty()) {
      const int dim = static_cast<int>(dice_.roll(0, one.size() - 1));
      if (way == 4) one.erase(dim);
      if (way == 5) one[dim] = size;
    }
  }

  // Elements of the sample in another order, so that they stay in the op's domain; near them where
  // equal ones would make a kink; or anything.
  Tensor values_like(const Tensor& x, const Shape& shape, bool smooth, Call& call) {
    const std::vector<double> from = x.to_vector();
    const std::int64_t way = dice_.roll(0, 7);
    std::vector<double> values(static_cast<std::size_t>(numel(shape)));
    const auto count = static_cast<int>(values.size());
    const std::vector<int> order = dice_.order(count);
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = from.empty() || way == 0 ? static_cast<double>(dice_.roll(-12, 12)) / 4
                                           : from[pick(from.size())];
      if (smooth && way > 0) values[i] *= 0.9 + 0.2 * order[i] / count;
    }
    if (way == 0 || from.empty()) call.usual = false;
    if (way == 1 && !values.empty() && dice_.coin()) {
      constexpr double kInf = std::numeric_limits<double>::infinity();
      const double extremes[] = {kInf, -kInf, std::nan(""), -0.0, 1e38, -1e-40, 9e18, -9e18};
      values[pick(values.size())] = extremes[pick(std::size(extremes))];
      call.rounds = false;
      call.usual = false;
    }
    return convert(from_vector(values, shape), x.dtype());
  }

  // Infinities and NaN, which no integer is, become 0.
  static Tensor convert(const Tensor& x, DType dtype) {
    if (is_floating_point(dtype)) return x.to(dtype);
    std::vector<double> values = x.to_vector();
    for (double& value : values) value = std::isfinite(value) && std::abs(value) < 9e18 ? value : 0;
    return from_vector(values, x.sizes()).to(kInt64).to(dtype);
  }

  void change_dtypes(Call& call) {
    constexpr DType kAll[] = {kFloat32, kFloat64, kInt64, kInt32, kUInt8, kBool};
    const DType dtype = kAll[pick(std::size(kAll))];
    const bool one = dice_.coin();
    if (one) call.rounds = false;  // the rules of promotion may look at each dtype alone
    const std::size_t which = pick(call.inputs.size());
    const DType old = call.inputs[which].dtype();
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      Tensor& x = call.inputs[i];
      if (one ? i == which : x.dtype() == old) x = convert(x.to(kFloat64), dtype);
    }
    call.usual = false;
  }

  void change_argument(Call& call) {
    const auto& texts = call.arguments.texts();
    if (texts.empty()) return;
    auto chosen = texts.begin();
    std::advance(chosen, pick(texts.size()));
    const std::string name = chosen->first;
    std::string text = chosen->second;
    call.usual = false;
    if (name == "reduction" || name == "dtype") {
      const char* const others[] = {"none", "sum", "mean", "float32", "float64", "int32", "bool"};
      text = name == "dtype" ? others[3 + pick(4)] : others[pick(3)];
    } else {
      change_number(text, call);
      static const std::set<std::string> lists = {"dims",        "shape",         "repeats",
                                                  "kernel_size", "stride",        "padding",
                                                  "dilation",    "output_padding"};
      if (lists.contains(name) && dice_.roll(0, 3) == 0)
        text += str(text.empty() ? "" : ",", dice_.roll(-1, 3));
    }
    call.arguments.set(name, text);
  }

  // One of the numbers in the text.
  void change_number(std::string& text, Call& call) {
    static const std::regex number(R"(-?(\d+(\.\d+)?|inf))");
    std::vector<std::smatch> matches;
    for (std::sregex_iterator match(text.begin(), text.end(), number), end; match != end; ++match)
      matches.push_back(*match);
    if (matches.empty()) return;
    const std::smatch& match = matches[pick(matches.size())];
    const bool integer = match.str().find_first_of(".in") == std::string::npos;
    const char* const large[] = {"4611686018427387904", "9223372036854775807",
                                 "-9223372036854775808"};
    const char* const odd[] = {"inf", "-inf", "nan", "1.0e300", "-0.0", "1.0e-300"};
    std::string other = str(dice_.roll(-4, 7));
    if (dice_.roll(0, 3) == 0) {
      other = integer ? large[pick(std::size(large))] : odd[pick(std::size(odd))];
      call.rounds = false;
    } else if (!integer) {
      other += dice_.coin() ? ".0" : ".75";
    }
    text.replace(static_cast<std::size_t>(match.position()),
                 static_cast<std::size_t>(match.length()), other);
  }

  const std::vector<Fixture>& samples_;
  Dice dice_;
  bool smooth_ = false;
};

// What came of a call: a result with its gradients, or one of tarn's errors.
struct Outcome {
  Tensor output;
  std::vector<Tensor> gradients;
  std::string error;
};

Outcome outcome_of(const OpRow& row, const Arguments& arguments, const Inputs& values) {
  Generator generator(1);  // dropout draws the same mask each time
  const GeneratorGuard guard(generator);
  Outcome outcome;
  try {
    Inputs inputs;
    for (const Tensor& x : values) inputs.push_back(leaf(x, is_floating_point(x.dtype())));
    outcome.output = row.function(inputs, arguments);
    if (outcome.output.numel() > 100'000) return outcome;  // an expanded view may have any size
    if (outcome.output.requires_grad()) {
      Generator weights(2);
      outcome.output.backward(
          randn(outcome.output.sizes(), weights, {.dtype = kFloat64}).to(outcome.output.dtype()));
      for (const Tensor& x : inputs) {
        if (x.requires_grad()) outcome.gradients.push_back(gradient_of(x));
      }
    }
  } catch (const Error& error) {
    outcome.error = error.what();
    EXPECT_NE(outcome.error.find(": "), std::string::npos) << outcome.error;
  }
  return outcome;
}

// Rounding is relative to what was added up, of which the largest element gives an idea.
Tolerance float32_tolerance(const Tensor& expected) {
  double largest = 1;
  for (const double value : expected.detach().to_vector()) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  return {.rtol = 1e-4, .atol = 1e-5 * largest};
}

using Same = ::testing::AssertionResult (*)(const Tensor& actual, const Tensor& expected);

::testing::AssertionResult close_in_float32(const Tensor& actual, const Tensor& expected) {
  return is_close(actual, expected.to(actual.dtype()), float32_tolerance(expected));
}

::testing::AssertionResult nearly_same(const Tensor& actual, const Tensor& expected) {
  if (actual.dtype() == kFloat32) return close_in_float32(actual, expected);
  const double scale = float32_tolerance(expected).atol;
  return is_close(actual, expected, {.rtol = 1e-11, .atol = 1e-7 * scale});
}

void expect_same(const Outcome& actual, const Outcome& expected, Same same) {
  EXPECT_EQ(actual.error.empty(), expected.error.empty()) << actual.error << expected.error;
  if (!actual.error.empty() || !expected.error.empty()) return;
  ASSERT_EQ(actual.output.sizes(), expected.output.sizes());
  if (actual.output.numel() > 100'000) return;
  EXPECT_TRUE(same(actual.output, expected.output));
  ASSERT_EQ(actual.gradients.size(), expected.gradients.size());
  for (std::size_t i = 0; i < actual.gradients.size(); ++i)
    EXPECT_TRUE(same(actual.gradients[i], expected.gradients[i])) << "gradient of variable " << i;
}

// The same values, lying elsewhere in memory.
Inputs laid_out(Dice& dice, const Inputs& inputs) {
  Inputs result;
  for (const Tensor& x : inputs) {
    const auto& layout =
        layouts()[static_cast<std::size_t>(dice.roll(0, std::ssize(layouts()) - 1))];
    result.push_back(layout.keeps_values ? layout.apply(x) : x);
  }
  return result;
}

bool is_in_float32(const Inputs& inputs) {
  const auto has = [&](DType dtype) {
    return std::any_of(inputs.begin(), inputs.end(),
                       [dtype](const Tensor& x) { return x.dtype() == dtype; });
  };
  return has(kFloat32) && !has(kFloat64);
}

Inputs in_float64(const Inputs& inputs) {
  Inputs result;
  for (const Tensor& x : inputs) result.push_back(x.dtype() == kFloat32 ? x.to(kFloat64) : x);
  return result;
}

// Whether there were few enough elements, and a finite result with a gradient.
bool check_differences(const OpRow& row, const Call& call) {
  Inputs inputs = in_float64(call.inputs);
  std::int64_t elements = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i] = leaf(inputs[i], call.variable[i]);
    elements += inputs[i].numel();
  }
  const auto function = [&](const Inputs& x) {
    Generator generator(1);
    const GeneratorGuard guard(generator);
    return row.function(x, call.arguments);
  };
  if (elements > 40) return false;
  const Tensor output = function(inputs);
  if (!output.requires_grad() ||
      isfinite(output).to(kInt64).sum().item<std::int64_t>() != output.numel())
    return false;
  try {
    gradcheck(function, inputs);
  } catch (const AutogradError&) {
    // Perhaps two elements lie so close together that a difference changes which one is larger: a
    // step aside they do not.
    for (Tensor& x : inputs) {
      if (!x.requires_grad() || x.numel() == 0) continue;
      const Tensor factors = linspace(1, 1.01, x.numel(), {.dtype = x.dtype()});
      x = leaf(x.detach() * factors.view(x.sizes()), true);
    }
    EXPECT_NO_THROW(gradcheck(function, inputs));
  }
  return true;
}

// How often there was a result, an error, and what it was compared with.
struct Count {
  std::int64_t results = 0;
  std::int64_t errors = 0;
  std::int64_t float64 = 0;
  std::int64_t gradchecks = 0;
};

void check(const OpRow& row, const Call& call, Calls& calls, Count& count) {
  const std::vector<Tensor> before = [&] {
    std::vector<Tensor> copies;
    for (const Tensor& x : call.inputs) copies.push_back(row_major_copy(x));
    return copies;
  }();
  const Outcome outcome = outcome_of(row, call.arguments, call.inputs);
  ++(outcome.error.empty() ? count.results : count.errors);
  if (!row.no_layouts) {
    const Outcome elsewhere = outcome_of(row, call.arguments, laid_out(calls.dice(), call.inputs));
    expect_same(elsewhere, outcome, nearly_same);
  }
  const bool draws = row.name.starts_with("dropout");  // other numbers for another dtype
  if (call.rounds && !draws && is_in_float32(call.inputs)) {
    expect_same(outcome, outcome_of(row, call.arguments, in_float64(call.inputs)),
                close_in_float32);
    ++count.float64;
  }
  if (calls.smooth() && outcome.error.empty() && calls.dice().coin()) {
    count.gradchecks += check_differences(row, call);
  }
  for (std::size_t i = 0; i < before.size(); ++i)
    EXPECT_TRUE(same_bits(call.inputs[i], before[i])) << "input " << i << " was changed";
}

int parts() {
  return ::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
}

TEST(RandomCalls, GiveTheRightResultOrAnError) {
  const std::int64_t trials = number_from_environment("TARN_TRIALS", 60);
  const auto seed = static_cast<unsigned>(number_from_environment("TARN_SEED", 0));
  const bool trace = std::getenv("TARN_TRACE") != nullptr;
  Count count;
  unsigned number = 0;
  for (const OpRow& row : op_table()) {
    ++number;
    const int before = parts();
    for (std::int64_t trial = 0; trial < trials; ++trial) {
      const unsigned own_seed = seed * 1'000'003 + number * 100'003 + static_cast<unsigned>(trial);
      Calls calls(row, own_seed);
      const Call call = calls.next();
      const std::string text = describe(row, call);
      if (trace) std::cerr << text << std::endl;
      SCOPED_TRACE(str("seed ", own_seed, ": ", text));
      EXPECT_NO_THROW(check(row, call, calls, count));
      if (parts() > before) break;  // one failure of each row is enough to look at
    }
  }
  std::cout << count.results << " results, " << count.errors << " errors, " << count.float64
            << " compared with float64, " << count.gradchecks << " with central differences\n";
  EXPECT_GT(count.results, count.errors);
}

}  // namespace
}  // namespace tarn::testing
