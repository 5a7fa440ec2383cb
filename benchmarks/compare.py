#!/usr/bin/env python3
"""tarn beside its peers and the limit, as tables in Markdown: what docs/performance.md shows.

usage: compare.py [--build build/release] [--data data/mnist] [--rounds 5] [--only training,overhead,accuracy,footprint]
                  [--rows small:1,small:16,...] [--libtorch DIR] [--no-pytorch]

The programs take turns, and the medians over the rounds are compared: a busy machine slows all of them alike. With 2 threads
that is only true if nothing else runs. PyTorch is measured where `import torch` works, libtorch where its headers are
installed (Debian: libtorch-dev; its programs are built into --libtorch, which takes a minute), the limit (mnist_limit) where
the processor has AVX-512.
"""

import argparse
import importlib.util
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
ROWS = ",".join(f"{m}:{b}" for m in ("small", "large") for b in (1, 16, 64, 256, 1024))
TORCH_HEADERS = Path("/usr/include/torch/csrc/api/include")
THREADS = (1, 2)


def output_of(command, **environment):
    run = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=os.environ | environment)
    if run.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{run.stderr}")
    return run.stdout


def print_table(header, rows):
    print("| " + " | ".join(header) + " |\n" + "|---" * len(header) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print(flush=True)


def in_turns(rounds, programs, measure):
    """The results of measure(command) of each program, which take turns."""
    results = {name: [] for name in programs}
    for _ in range(rounds):
        for name, command in programs.items():
            results[name].append(measure(command))
    return results


def medians(results):
    return {name: statistics.median(values) for name, values in results.items()}


def libtorch_program(name, folder):
    program = folder / name
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        output_of(["g++", "-std=c++17", "-O3", HERE / "libtorch" / f"{name}.cpp", "-o", program, f"-I{TORCH_HEADERS}",
                   "-ltorch", "-ltorch_cpu", "-lc10"])
    return program


def training_programs(a):
    programs = {"tarn": [a.build / "benchmarks/mnist_speed"]}
    if (a.build / "benchmarks/mnist_limit").exists():
        programs["limit"] = [a.build / "benchmarks/mnist_limit"]
    for loader in ("index", "dataloader"):
        if a.has_libtorch:
            programs[f"libtorch, {loader}"] = [libtorch_program("mnist_libtorch", a.libtorch), "--loader", loader]
        if a.has_pytorch:
            programs[f"PyTorch, {loader}"] = [sys.executable, HERE / "mnist_pytorch.py", "--loader", loader]
    return programs


def seconds_of_epoch(command, data, model, batch, threads):
    arguments = ["--data", data, "--model", model, "--batch", batch, "--threads", threads, "--epochs", 1]
    arguments += ["--lr", "0.01" if batch == "1" else "0.1"]
    if batch == "1" and "--loader" in command:
        arguments += ["--steps", 3000]  # a whole epoch takes half a minute
    return json.loads(output_of(command + arguments).splitlines()[-1])["sec_per_epoch"]


def training(a):
    """Seconds per epoch, then the fastest of each at any number of threads."""
    programs = training_programs(a)
    rows, best = [], []
    for row in a.rows.split(","):
        model, batch = row.split(":")
        used = {n: c for n, c in programs.items() if batch == "64" or not n.endswith("dataloader")}
        fastest = {}
        for threads in THREADS:
            times = medians(in_turns(a.rounds, used, lambda c: seconds_of_epoch(c, a.data, model, batch, threads)))
            ratio = f"{times['tarn'] / times['limit']:.2f}" if "limit" in times else ""
            rows.append([model, batch, str(threads), *(f"{times[n]:.3f}" if n in times else "" for n in programs), ratio])
            for name, seconds in times.items():
                fastest[name] = min(seconds, fastest.get(name, seconds))
        best.append([model, batch, *(f"{fastest[n] / fastest['tarn']:.2f}" if n in fastest else "" for n in programs)])
    print_table(["model", "batch size", "threads", *(f"{n}, s" for n in programs), "tarn / limit"], rows)
    print("The fastest at 1 or 2 threads, divided by tarn's:\n")
    print_table(["model", "batch size", *programs], best)


def overhead(a):
    programs = {"tarn": [a.build / "benchmarks/op_overhead"]}
    if a.has_libtorch:
        programs["libtorch"] = [libtorch_program("op_overhead_libtorch", a.libtorch)]
    results = in_turns(a.rounds, programs, lambda command: json.loads(output_of(command)))
    kinds = {
        "add_no_grad": "add of [1], no grad, ns", "add_forward": "add of [1], forward, ns",
        "add": "add of [1], forward and backward, ns", "mul": "mul of [1], forward and backward, ns",
        "relu": "relu of [1], forward and backward, ns", "sgd_step_us": "SGD step, 100 parameters of 10 elements, us",
        "sgd_momentum_step_us": "the same with momentum, us",
    }
    print_table(["", *programs], [
        [text, *(f"{statistics.median(r[kind] for r in results[n]):.4g}" for n in programs)] for kind, text in kinds.items()])


def accuracy(a):
    """Seconds of training until 98 %, medians over 5 seeds."""
    programs = {"tarn": [a.build / "examples/mnist_98"]}
    if a.has_pytorch:
        programs["PyTorch"] = [sys.executable, HERE / "mnist_98_pytorch.py"]

    def seconds(command):
        text = output_of([*command, "--data", a.data])
        found = re.search(r"median: ([0-9.]+) s", text)
        return float(found[1]) if found else float("inf")

    times = medians(in_turns(a.rounds, programs, seconds))
    rows = [[name, f"{s:.3f}", f"{s / times['tarn']:.2f}"] for name, s in times.items()]
    print_table(["", "98 % test accuracy after, s of training", "/ tarn"], rows)


def footprint(a):
    program = a.build / "examples/mnist_mlp"
    stripped = a.build / "mnist_mlp.stripped"
    output_of(["strip", "-o", stripped, program])
    start = medians(in_turns(20, {"tarn": [program, "--help"]}, timed))["tarn"]
    memory = peak_memory([program, "--data", a.data, "--epochs", "1"])
    print_table(["", ""], [
        ["stripped mnist_mlp, MB", f"{stripped.stat().st_size / 1e6:.2f}"],
        ["start to end without data, ms", f"{1e3 * start:.1f}"],
        ["peak memory of an epoch, MB (the data as they are in memory: 54.9)", f"{memory / 1e6:.1f}"],
    ])
    stripped.unlink()


def timed(command):
    start = time.perf_counter()
    subprocess.run([str(c) for c in command], capture_output=True, check=False)
    return time.perf_counter() - start


def peak_memory(command):
    script = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True);"
              "print(1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    return int(output_of([sys.executable, "-c", script, *command]))


SECTIONS = {"training": training, "overhead": overhead, "accuracy": accuracy, "footprint": footprint}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=ROOT / "build/release", type=Path)
    parser.add_argument("--data", default=str(ROOT / "data/mnist"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", default=ROWS)
    parser.add_argument("--only", default=",".join(SECTIONS))
    parser.add_argument("--libtorch", default=ROOT / "build/libtorch", type=Path)
    parser.add_argument("--no-pytorch", action="store_true")
    a = parser.parse_args()
    a.has_pytorch = not a.no_pytorch and importlib.util.find_spec("torch") is not None
    a.has_libtorch = TORCH_HEADERS.exists()
    for name, there in (("PyTorch", a.has_pytorch), ("libtorch", a.has_libtorch)):
        if not there:
            print(f"compare: without {name}, which is not installed or not wanted", file=sys.stderr)
    for section in a.only.split(","):
        SECTIONS[section](a)


if __name__ == "__main__":
    main()
