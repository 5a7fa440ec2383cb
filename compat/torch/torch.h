#pragma once

/// The interface of PyTorch's C++ library on top of tarn, for programs that were written for it.
///
///   #include <torch/torch.h>
///   struct Net : torch::nn::Module {
///     Net() { fc = register_module("fc", torch::nn::Linear(784, 10)); }
///     torch::Tensor forward(torch::Tensor x) { return torch::log_softmax(fc(x), 1); }
///     torch::nn::Linear fc{nullptr};
///   };
///
/// torch::Tensor is tarn::Tensor. What differs from libtorch is in docs/libtorch.md.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <torch/autograd.h>
#include <torch/data.h>
#include <torch/factories.h>
#include <torch/functions.h>
#include <torch/macros.h>
#include <torch/nn.h>
#include <torch/optim.h>
#include <torch/serialize.h>
#include <torch/types.h>
