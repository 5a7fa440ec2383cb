#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/optim/adagrad.h>
#include <tarn/optim/adam.h>
#include <tarn/optim/adamw.h>
#include <tarn/optim/rmsprop.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/factories.h>

#include "../derived_classes.h"
#include "../tensor/closeness.h"

namespace tarn::optim {
namespace {

using testing::derived_classes;
using testing::is_close;
using testing::Tolerance;

const std::vector<double> kStart = {-1.5, 0.25, 0.75, -0.125};

/// What one of PyTorch's optimizers does with one parameter; see make_optimizer_fixtures.py.
struct Fixture {
  std::string title;
  std::string optimizer;
  DType dtype = kFloat64;
  Options options{};
  std::vector<std::pair<std::int64_t, Tensor>> after{};  ///< step, parameter
};

Tensor as_tensor(const std::vector<double>& values, DType dtype) {
  return from_vector(values, {static_cast<std::int64_t>(values.size())}).to(dtype);
}

Fixture read_case(const std::string& text, std::istringstream& line) {
  Fixture fixture{.title = text, .optimizer = {}};
  std::string word;
  line >> fixture.optimizer >> word;
  fixture.dtype = word == "float32" ? kFloat32 : kFloat64;
  while (line >> word) {
    const std::size_t equals = word.find('=');
    fixture.options.emplace_back(word.substr(0, equals), std::stod(word.substr(equals + 1)));
  }
  return fixture;
}

std::vector<Fixture> fixtures() {
  const std::string path = TARN_SOURCE_DIR "/tests/fixtures/optimizers.txt";
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<Fixture> all;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string word;
    line >> word;
    if (word == "case") {
      all.push_back(read_case(text, line));
    } else {
      std::int64_t step = 0;
      std::vector<double> values;
      line >> step;
      // The stream's own >> does not read hexadecimal numbers.
      while (line >> word) values.push_back(std::strtod(word.c_str(), nullptr));
      all.back().after.emplace_back(step, as_tensor(values, all.back().dtype));
    }
  }
  return all;
}

// With the options in the group; what it leaves out are the class's defaults.
std::unique_ptr<Optimizer> make(const std::string& name, const Tensor& p, Options options) {
  ParamGroup group{.params = {p}};
  std::erase_if(options, [&](const auto& option) {
    if (option.first != "lr") return false;
    group.lr = option.second;
    return true;
  });
  group.options = std::move(options);
  const std::vector<ParamGroup> groups = {group};
  if (name == "SGD") return std::make_unique<SGD>(groups);
  if (name == "Adagrad") return std::make_unique<Adagrad>(groups);
  if (name == "RMSprop") return std::make_unique<RMSprop>(groups);
  if (name == "Adam") return std::make_unique<Adam>(groups);
  if (name == "AdamW") return std::make_unique<AdamW>(groups);
  throw std::runtime_error("no optimizer " + name);
}

Tensor gradient(std::int64_t t, DType dtype) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < 4; ++i) {
    values.push_back(static_cast<double>((t * 37 + i * 11) % 17 - 8) / 8 * (t % 25 < 5 ? 4 : 1));
  }
  return as_tensor(values, dtype);
}

TEST(Optimizers, TakePyTorchsSteps) {
  const std::vector<Fixture> all = fixtures();
  ASSERT_EQ(all.size(), 144U);
  for (const Fixture& fixture : all) {
    SCOPED_TRACE(fixture.title);
    // PyTorch's float32 kernels fuse some products with sums and round less often.
    const Tolerance tolerance = fixture.dtype == kFloat64 ? Tolerance{.rtol = 1e-12}
                                                          : Tolerance{.rtol = 1e-5, .atol = 1e-6};
    const Tensor p = as_tensor(kStart, fixture.dtype).requires_grad_();
    const auto optimizer = make(fixture.optimizer, p, fixture.options);
    std::int64_t t = 0;
    ASSERT_EQ(fixture.after.size(), 6U);
    for (const auto& [step, expected] : fixture.after) {
      while (t < step) {
        p.set_grad(gradient(++t, fixture.dtype));
        optimizer->step();
      }
      EXPECT_TRUE(is_close(p, expected, tolerance)) << "after step " << step;
    }
  }
}

TEST(Optimizers, AreAllInTheTableWithAllTheirOptions) {
  std::map<std::string, int> cases;
  std::map<std::string, std::set<std::string>> options;
  for (const Fixture& fixture : fixtures()) {
    ++cases[fixture.optimizer];
    for (const auto& [name, value] : fixture.options) options[fixture.optimizer].insert(name);
  }
  std::set<std::string> covered;
  for (const auto& [name, count] : cases) covered.insert(name);
  EXPECT_EQ(derived_classes("optim", "Optimizer"), covered)
      << "the classes of optim/*.h and those of the table";
  std::cout << "classes derived from Optimizer: " << covered.size()
            << ", all in the table, not applicable: 0\n";
  for (const auto& [name, count] : cases) {
    const auto optimizer = make(name, as_tensor(kStart, kFloat64).requires_grad_(), {});
    std::set<std::string> all = {"lr"};
    for (const auto& [option, value] : optimizer->param_groups()[0].options) all.insert(option);
    EXPECT_EQ(options[name], all) << name << ": its options and those of the fixtures";
    std::cout << "    " << name << ": " << count << " cases of 100 steps, options:";
    for (const std::string& option : all) std::cout << ' ' << option;
    std::cout << '\n';
  }
}

}  // namespace
}  // namespace tarn::optim
