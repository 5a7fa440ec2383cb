#pragma once

// Data sets, transforms, samplers and loaders with libtorch's interface.
#include <torch/data/dataloader.h>
#include <torch/data/datasets.h>
#include <torch/data/example.h>
#include <torch/data/samplers.h>
#include <torch/data/transforms.h>
