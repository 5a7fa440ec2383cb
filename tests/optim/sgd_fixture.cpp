#include "sgd_fixture.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::testing {

namespace {

// Hexadecimal numbers to the end of the line. The stream's own >> does not read them.
Tensor read_tensor(std::istringstream& line, DType dtype) {
  std::vector<double> values;
  for (std::string word; line >> word;) values.push_back(std::strtod(word.c_str(), nullptr));
  return from_vector(values, {static_cast<std::int64_t>(values.size())}).to(dtype);
}

}  // namespace

std::vector<SGDFixture> sgd_fixtures() {
  const std::string path = TARN_SOURCE_DIR "/tests/fixtures/sgd.txt";
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<SGDFixture> fixtures;
  DType dtype = kFloat64;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string word;
    line >> word;
    if (word == "case") {
      line >> word;
      dtype = word == "float32" ? kFloat32 : kFloat64;
      optim::SGDOptions o;
      line >> o.lr >> o.momentum >> o.dampening >> o.weight_decay >> o.nesterov >> o.maximize;
      if (!line) throw std::runtime_error(path + ": cannot read: " + text);
      fixtures.push_back({.options = o, .start = {}, .steps = {}});
    } else if (word == "start") {
      fixtures.back().start = read_tensor(line, dtype);
    } else if (word == "grad") {
      fixtures.back().steps.push_back({.grad = read_tensor(line, dtype), .param = {}});
    } else if (word == "param") {
      fixtures.back().steps.back().param = read_tensor(line, dtype);
    } else {
      throw std::runtime_error(path + ": cannot read: " + text);
    }
  }
  return fixtures;
}

std::string describe(const SGDFixture& fixture) {
  const optim::SGDOptions& o = fixture.options;
  return str(fixture.start.dtype(), ", momentum = ", o.momentum, ", dampening = ", o.dampening,
             ", weight_decay = ", o.weight_decay, ", nesterov = ", o.nesterov,
             ", maximize = ", o.maximize);
}

}  // namespace tarn::testing
