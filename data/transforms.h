#pragma once

/// All transforms.
#include <tarn/data/transforms/elastic_transform.h>
#include <tarn/data/transforms/normalize.h>
#include <tarn/data/transforms/random_affine.h>
#include <tarn/data/transforms/random_crop.h>
#include <tarn/data/transforms/random_erasing.h>
#include <tarn/data/transforms/random_horizontal_flip.h>
#include <tarn/data/transforms/random_shift.h>
#include <tarn/data/transforms/transform.h>
#include <tarn/data/transforms/warp.h>
