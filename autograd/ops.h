#pragma once

// All differentiable ops.
#include <tarn/autograd/ops/activations.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/attention.h>
#include <tarn/autograd/ops/batch_norm.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/convolution.h>
#include <tarn/autograd/ops/dropout.h>
#include <tarn/autograd/ops/embedding.h>
#include <tarn/autograd/ops/indexing.h>
#include <tarn/autograd/ops/joining.h>
#include <tarn/autograd/ops/layer_norm.h>
#include <tarn/autograd/ops/losses.h>
#include <tarn/autograd/ops/matmul.h>
#include <tarn/autograd/ops/ordering.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/ops/pooling.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/softmax.h>
#include <tarn/autograd/ops/triangle.h>
#include <tarn/autograd/ops/views.h>
