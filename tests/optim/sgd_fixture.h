#pragma once

#include <vector>

#include <tarn/optim/sgd.h>
#include <tarn/tensor/tensor.h>

namespace tarn::testing {

/// What PyTorch's SGD does with one parameter. Made by tests/fixtures/make_sgd_fixtures.py.
struct SGDFixture {
  struct Step {
    Tensor grad;
    Tensor param;  ///< after the step
  };
  optim::SGDOptions options;
  Tensor start;  ///< the parameter before the first step
  std::vector<Step> steps;
};

/// All cases of tests/fixtures/sgd.txt.
std::vector<SGDFixture> sgd_fixtures();

/// "float32, momentum = 0.9, ..."
std::string describe(const SGDFixture& fixture);

}  // namespace tarn::testing
