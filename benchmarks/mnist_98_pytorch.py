#!/usr/bin/env python3
"""Seconds of training that 98 % test accuracy on MNIST takes in PyTorch: the network and recipe of mnist_98.

usage: mnist_98_pytorch.py --data DIR [--seeds 5] [--epochs N] [--batch-size N] [--lr X] [--momentum X] [--warmup X]

Needs PyTorch (Debian: python3-torch). Prints a line for each seed and the median, as mnist_98 does.
"""

import argparse
import statistics
import time

import torch
from torch import nn

from mnist_pytorch import read_digits


def train(a, seed, train_set, test_set):
    torch.manual_seed(seed)
    x, y = train_set
    model = nn.Sequential(nn.Linear(784, a.hidden), nn.ReLU(), nn.Linear(a.hidden, 10))
    sgd = torch.optim.SGD(model.parameters(), lr=a.lr, momentum=a.momentum, nesterov=True)
    steps = -(-len(x) // a.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        sgd, max_lr=a.lr, total_steps=a.epochs * steps, pct_start=a.warmup, anneal_strategy="linear", cycle_momentum=False)
    seconds = 0
    accuracies = []
    for _ in range(a.epochs):
        start = time.perf_counter()
        order = torch.randperm(len(x))
        for i in range(0, len(x), a.batch_size):
            part = order[i : i + a.batch_size]
            sgd.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(model(x.index_select(0, part)), y.index_select(0, part)).backward()
            sgd.step()
            schedule.step()
        seconds += time.perf_counter() - start
        with torch.no_grad():
            accuracies.append((model(test_set[0]).argmax(1) == test_set[1]).float().mean().item())
        if accuracies[-1] >= a.target:
            return accuracies, seconds
    return accuracies, None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data/mnist")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--hidden", type=int, default=144)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=96)
    parser.add_argument("--lr", type=float, default=0.08)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--warmup", type=float, default=0.2)
    parser.add_argument("--target", type=float, default=0.98)
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    train_set, test_set = read_digits(a.data, "train"), read_digits(a.data, "t10k")
    times = []
    for seed in range(a.seeds):
        accuracies, seconds = train(a, seed, train_set, test_set)
        times.append(float("inf") if seconds is None else seconds)
        print(f"seed {seed}: test accuracy {'  '.join(f'{100 * v:.2f}%' for v in accuracies)} in {times[-1]:.3f} s")
    print(f"median: {statistics.median(times):.3f} s of training")


if __name__ == "__main__":
    main()
