#pragma once

/// All of tarn.
#include <tarn/autograd/backward.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/gradcheck.h>
#include <tarn/autograd/ops.h>
#include <tarn/autograd/record.h>
#include <tarn/data/dataloader.h>
#include <tarn/data/fetch_scope.h>
#include <tarn/data/idx.h>
#include <tarn/data/map_dataset.h>
#include <tarn/data/mnist.h>
#include <tarn/data/sampler.h>
#include <tarn/data/tensor_dataset.h>
#include <tarn/data/transforms.h>
#include <tarn/nn/nn.h>
#include <tarn/optim/optim.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/pool.h>
#include <tarn/tensor/print.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/state_dict.h>
#include <tarn/tensor/str.h>
#include <tarn/tensor/tensor.h>
#include <tarn/tensor/warning.h>
