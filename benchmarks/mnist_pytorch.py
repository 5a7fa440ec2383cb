#!/usr/bin/env python3
"""Seconds per epoch of PyTorch's training loop on MNIST: the networks, loss and loop of mnist_speed. One line of JSON.

usage: mnist_pytorch.py --data DIR --model small|large --batch N --threads N --epochs N [--loader index|dataloader]
                        [--steps N]

Needs PyTorch (Debian: python3-torch). `index` takes the batches of a shuffled order from data in memory, `dataloader` has
torch.utils.data.DataLoader do it. With --steps an epoch is so many steps, and its time is scaled up.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy
import torch
from torch import nn

WIDTHS = {"small": [784, 128, 10], "large": [784, 512, 512, 10]}


def read_digits(folder, part):
    def elements(file, header):
        return numpy.fromfile(Path(folder) / file, numpy.uint8, offset=header)

    labels = elements(f"{part}-labels-idx1-ubyte", 8)
    images = elements(f"{part}-images-idx3-ubyte", 16).reshape(len(labels), 784)
    x = (torch.from_numpy(images).float() / 255 - 0.1307) / 0.3081
    return x, torch.from_numpy(labels.astype(numpy.int64))


def make_model(widths):
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data/mnist")
    parser.add_argument("--model", choices=WIDTHS, default="small")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--steps", type=int, default=0, help="0: all")
    parser.add_argument("--loader", choices=["index", "dataloader"], default="index")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    x, y = read_digits(a.data, "train")
    model = make_model(WIDTHS[a.model])
    sgd = torch.optim.SGD(model.parameters(), lr=a.lr)
    cross_entropy = nn.CrossEntropyLoss()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), a.batch, shuffle=True)

    def batches():
        if a.loader == "dataloader":
            yield from loader
            return
        order = torch.randperm(len(x))
        for i in range(0, len(x), a.batch):
            part = order[i : i + a.batch]
            yield x.index_select(0, part), y.index_select(0, part)

    times = []
    for epoch in range(a.epochs + 1):
        start = time.perf_counter()
        for step, (images, labels) in enumerate(batches()):
            if step == (a.steps or -1) or (epoch == 0 and step == 50):  # epoch 0 is not counted
                break
            sgd.zero_grad(set_to_none=True)
            cross_entropy(model(images), labels).backward()
            sgd.step()
        if epoch > 0:
            part = a.steps * a.batch / len(x) if a.steps else 1
            times.append((time.perf_counter() - start) / part)
    median = statistics.median(times)
    result = {"model": a.model, "batch": a.batch, "threads": a.threads, "loader": a.loader}
    print(json.dumps(result | {"sec_per_epoch": median, "min": min(times), "samples_per_s": round(len(x) / median)}))


if __name__ == "__main__":
    main()
