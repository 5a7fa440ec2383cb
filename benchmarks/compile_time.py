#!/usr/bin/env python3
"""Measures what programs cost to compile: CPU seconds (user + system) of g++ -std=c++20 -O2 -c.

usage: compile_time.py [--build DIR] [--rounds N] [--compiler CXX] [--no-torch]

One after the other in every round, so that a busy machine slows all of them alike; the medians are printed, and what
they are in units of the standard headers' program, which depends less on the machine:

    empty           int main() {}
    standard        <vector>, <string>, <functional>, <memory> and an empty main
    tarn.h          <tarn/tarn.h> and an empty main
    training loop   a multilayer perceptron, a loader, SGD and a schedule: see TRAINING
    mnist_mlp       all sources of examples/mnist_mlp, one after the other
    mnist_mlp.cpp   its main file alone
    libtorch        the training loop in libtorch's C++ API; needs Debian's libtorch-dev

Needs a configured build folder for its include/tarn.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TRAINING = """
#include <tarn/tarn.h>
using namespace tarn;
struct MLP : nn::Module {
  nn::Linear& fc1 = add("fc1", nn::Linear(784, 128));
  nn::Linear& fc2 = add("fc2", nn::Linear(128, 10));
  Tensor forward(const Tensor& x) override { return fc2(relu(fc1(x))); }
};
int main() {
  manual_seed(0);
  data::MNIST train("data/mnist", {.train = true});
  data::DataLoader loader(train, {.batch_size = 64, .shuffle = true});
  MLP model;
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  optim::CosineAnnealingLR schedule(sgd, {.T_max = 10});
  for (int epoch = 0; epoch < 10; ++epoch) {
    for (auto& [x, y] : loader) {
      sgd.zero_grad();
      Tensor loss = cross_entropy(model(x), y);
      loss.backward();
      nn::clip_grad_norm_(model.parameters(), 1.0);
      sgd.step();
    }
    schedule.step();
  }
}
"""
TORCH = """
#include <torch/torch.h>
struct MLP : torch::nn::Module {
  torch::nn::Linear fc1{register_module("fc1", torch::nn::Linear(784, 128))};
  torch::nn::Linear fc2{register_module("fc2", torch::nn::Linear(128, 10))};
  torch::Tensor forward(const torch::Tensor& x) { return fc2(torch::relu(fc1(x))); }
};
int main() {
  torch::manual_seed(0);
  auto train = torch::data::datasets::MNIST("data/mnist").map(torch::data::transforms::Stack<>());
  auto loader = torch::data::make_data_loader<torch::data::samplers::RandomSampler>(std::move(train), 64);
  MLP model;
  torch::optim::SGD sgd(model.parameters(), 0.1);
  for (int epoch = 0; epoch < 10; ++epoch) {
    for (auto& batch : *loader) {
      sgd.zero_grad();
      auto loss = torch::nn::functional::cross_entropy(model.forward(batch.data.view({-1, 784})), batch.target);
      loss.backward();
      torch::nn::utils::clip_grad_norm_(model.parameters(), 1.0);
      sgd.step();
    }
  }
}
"""
TORCH_FOLDERS = ["/usr/include/torch/csrc/api/include"]


def cpu_seconds(command):
    """Of the command and what it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def programs(folder, options):
    """(name, source files, flags)"""
    def written(name, text):
        path = Path(folder) / f"{name}.cpp"
        path.write_text(text)
        return [path]

    main = "int main() {}\n"
    tarn = [f"-I{options.build / 'include'}", f"-I{ROOT}"]
    example = sorted((ROOT / "examples" / "mnist_mlp").glob("*.cpp"))
    standard = "".join(f"#include <{h}>\n" for h in ("vector", "string", "functional", "memory"))
    result = [("empty", written("empty", main), []), ("standard", written("standard", standard + main), []),
              ("tarn.h", written("tarn", "#include <tarn/tarn.h>\n" + main), tarn),
              ("training loop", written("training", TRAINING), tarn),
              ("mnist_mlp", example, tarn),
              ("mnist_mlp.cpp", [f for f in example if f.name == "mnist_mlp.cpp"], tarn)]
    if options.no_torch:
        print("libtorch: left out, as asked for")
    elif not Path("/usr/include/torch").is_dir():
        print("libtorch: /usr/include/torch is not there; install Debian's libtorch-dev to compare")
    else:
        result.append(("libtorch", written("libtorch", TORCH), [f"-I{f}" for f in TORCH_FOLDERS]))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release", help="a configured build folder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--no-torch", action="store_true")
    options = parser.parse_args()
    if not (options.build / "include" / "tarn").is_dir():
        sys.exit(f"{options.build}/include/tarn is not there: run cmake --preset release first")
    with tempfile.TemporaryDirectory() as folder:
        all_programs = programs(folder, options)
        seconds = {name: [] for name, _, _ in all_programs}
        for round_number in range(options.rounds):
            for name, sources, flags in all_programs:
                if name == "libtorch" and round_number >= 3:
                    continue  # each takes as long as all the others together
                seconds[name].append(sum(
                    cpu_seconds([options.compiler, "-std=c++20", "-O2", *flags, "-c", str(f), "-o", f"{folder}/out.o"])
                    for f in sources))
    unit = statistics.median(seconds["standard"])
    print(f"{'program':15}{'CPU seconds':>12}{'of standard':>13}")
    for name, values in seconds.items():
        print(f"{name:15}{statistics.median(values):12.2f}{statistics.median(values) / unit:13.2f}")


if __name__ == "__main__":
    main()
