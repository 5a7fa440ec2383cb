#pragma once

// All differentiable ops.
#include <tarn/autograd/ops/activations.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/losses.h>
#include <tarn/autograd/ops/matmul.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/special.h>
#include <tarn/autograd/ops/views.h>
