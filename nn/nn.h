#pragma once

// Modules, layers, losses, initial values and gradient clipping.
#include <tarn/nn/activation.h>
#include <tarn/nn/batch_norm.h>
#include <tarn/nn/clip_grad.h>
#include <tarn/nn/clone.h>
#include <tarn/nn/convolution.h>
#include <tarn/nn/dropout.h>
#include <tarn/nn/embedding.h>
#include <tarn/nn/flatten.h>
#include <tarn/nn/functional.h>
#include <tarn/nn/init.h>
#include <tarn/nn/layer_norm.h>
#include <tarn/nn/linear.h>
#include <tarn/nn/loss.h>
#include <tarn/nn/module.h>
#include <tarn/nn/module_list.h>
#include <tarn/nn/multihead_attention.h>
#include <tarn/nn/parameters_to_vector.h>
#include <tarn/nn/pooling.h>
#include <tarn/nn/sequential.h>
#include <tarn/nn/summary.h>
#include <tarn/nn/unregistered.h>
#include <tarn/nn/update_bn.h>
