#!/usr/bin/env python3
"""Training on MNIST beside the limit (mnist_limit) and PyTorch, as a table in Markdown.

usage: compare.py [--build build/release] [--data data/mnist] [--rounds 5] [--rows small:64:1,...] [--no-pytorch]

A row is model:batch:threads. The programs take turns, one epoch each, and the medians over the rounds are compared: a busy
machine slows all of them alike. With 2 threads that is only true if nothing else runs.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROWS = ",".join(f"{m}:{b}:{t}" for m in ("small", "large") for b in (1, 16, 64, 256, 1024) for t in (1, 2))


def seconds(command, row):
    model, batch, threads = row.split(":")
    lr = "0.01" if batch == "1" else "0.1"
    run = subprocess.run(
        [*command, "--model", model, "--batch", batch, "--threads", threads, "--epochs", "1", "--lr", lr],
        capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{run.stderr}")
    return json.loads(run.stdout.splitlines()[-1])["sec_per_epoch"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=ROOT / "build/release", type=Path)
    parser.add_argument("--data", default=str(ROOT / "data/mnist"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", default=ROWS)
    parser.add_argument("--no-pytorch", action="store_true")
    a = parser.parse_args()
    programs = {"tarn": [str(a.build / "benchmarks/mnist_speed")]}
    limit = a.build / "benchmarks/mnist_limit"
    if limit.exists():
        programs["limit"] = [str(limit)]
    else:
        print(f"compare: {limit} is not there (needs AVX-512): no limit", file=sys.stderr)
    if not a.no_pytorch:
        script = str(ROOT / "benchmarks/mnist_pytorch.py")
        for loader in ("index", "dataloader"):
            programs[f"PyTorch, {loader}"] = [sys.executable, script, "--loader", loader]
    for command in programs.values():
        command += ["--data", a.data]

    others = [name for name in programs if name != "tarn"]
    header = ["model", "batch size", "threads", *(f"{name}, s" for name in programs)]
    header += [f"tarn / {n}" if n == "limit" else f"{n} / tarn" for n in others]
    print("| " + " | ".join(header) + " |\n" + "|---" * len(header) + "|")
    for row in a.rows.split(","):
        times = {name: [] for name in programs}
        for _ in range(a.rounds):
            for name, command in programs.items():
                times[name].append(seconds(command, row))
        medians = {name: statistics.median(values) for name, values in times.items()}
        ratios = [medians["tarn"] / medians[n] if n == "limit" else medians[n] / medians["tarn"] for n in others]
        cells = [*row.split(":"), *(f"{medians[n]:.3f}" for n in programs), *(f"{r:.2f}" for r in ratios)]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
