#!/usr/bin/env bash
# Builds tarn, gets MNIST and trains the flagship example on it.
#
#   ./run.sh [OPTION...]     options of examples/mnist_mlp; --help lists them
set -euo pipefail
cd "$(dirname "$0")"

scripts/setup.sh
cmake --preset release
cmake --build --preset release --target mnist_mlp

data=data/mnist
if ! scripts/get_mnist.sh "$data"; then
  data=data/mnist-sample
  echo "run: training on the sample $data (2,000 + 500 digits) instead of MNIST" >&2
fi
exec build/release/examples/mnist_mlp --data "$data" "$@"
