#!/usr/bin/env python3
"""The networks of cnn_step.cpp in PyTorch: milliseconds of a training step, median and minimum.

usage: benchmarks/cnn_step.py [THREADS [STEPS]]
"""

import sys
import time

import torch
from torch import nn

NETS = {
    "small": lambda: nn.Sequential(
        nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(10, 20, 5), nn.Dropout2d(), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(320, 50), nn.ReLU(), nn.Dropout(), nn.Linear(50, 10)),
    "large": lambda: nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(9216, 128),
        nn.ReLU(), nn.Linear(128, 10)),
    "large with batch norm": lambda: nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10)),
}


def measure(name, net, steps):
    sgd = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    x, y = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        sgd.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(net(x), y).backward()
        sgd.step()
        times.append(1e3 * (time.perf_counter() - start))
    times.sort()
    print(f"torch  {name:22s} {times[len(times) // 2]:8.2f}  {times[0]:8.2f} ms")


def main():
    threads, steps = (int(a) for a in (sys.argv[1:] + ["1", "30"][len(sys.argv) - 1:]))
    torch.set_num_threads(threads)
    for name, make in NETS.items():
        measure(name, make(), steps)


if __name__ == "__main__":
    main()
