#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <tarn/nn/module.h>
#include <tarn/tensor/factories.h>

namespace tarn::nn {

/// What PyTorch computes in one case; make_module_fixtures.py describes the file.
struct ModuleFixture {
  std::string title;  ///< "LeakyReLU slope", without the mode
  bool training = true;
  std::vector<Tensor> inputs{};
  std::vector<Tensor> input_grads{};
  Tensor output{};
  Tensor grad_output{};
  NamedTensors state{};
  NamedTensors grads{};
  NamedTensors after{};
};

inline Tensor read_tensor(std::istream& line) {
  std::string dtype;
  std::string sizes;
  line >> dtype >> sizes;
  Shape shape;
  std::istringstream list(sizes == "-" ? "" : sizes);
  for (std::string size; std::getline(list, size, ',');) shape.push_back(std::stoll(size));
  std::vector<double> values;
  for (std::string word; line >> word;) values.push_back(std::strtod(word.c_str(), nullptr));
  return from_vector(values, shape).to(dtype == "int64" ? kInt64 : kFloat64);
}

inline ModuleFixture read_title(std::istream& line) {
  ModuleFixture fixture;
  for (std::string word; line >> word;) {
    if (word == "eval") {
      fixture.training = false;
    } else {
      fixture.title += (fixture.title.empty() ? "" : " ") + word;
    }
  }
  return fixture;
}

inline void read_line(ModuleFixture& fixture, const std::string& kind, std::istream& line) {
  if (kind == "input") {
    fixture.inputs.push_back(read_tensor(line));
  } else if (kind == "input_grad") {
    fixture.input_grads.push_back(read_tensor(line));
  } else if (kind == "output") {
    fixture.output = read_tensor(line);
  } else if (kind == "grad_output") {
    fixture.grad_output = read_tensor(line);
  } else {
    std::string name;
    line >> name;
    auto& list = kind == "state" ? fixture.state : kind == "grad" ? fixture.grads : fixture.after;
    list.emplace_back(name, read_tensor(line));
  }
}

inline std::vector<ModuleFixture> read_module_fixtures() {
  std::ifstream file(TARN_SOURCE_DIR "/tests/fixtures/modules.txt");
  std::vector<ModuleFixture> all;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string kind;
    line >> kind;
    if (kind == "case") {
      all.push_back(read_title(line));
    } else {
      read_line(all.back(), kind, line);
    }
  }
  return all;
}

}  // namespace tarn::nn
