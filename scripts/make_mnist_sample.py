#!/usr/bin/env python3
"""Cuts data/mnist-sample from the full MNIST files: the first n examples of each, gzip IDX.

usage: scripts/make_mnist_sample.py [MNIST [SAMPLE]]     (data/mnist, data/mnist-sample)

The output is a function of the input: the gzip header holds no time and no name.
"""

import gzip
import struct
import sys
from pathlib import Path

COUNTS = {"train": 2000, "t10k": 500}


def cut(idx: bytes, count: int) -> bytes:
    """The first `count` items of an IDX file of unsigned bytes."""
    zero, dtype, rank = struct.unpack(">HBB", idx[:4])
    if zero != 0 or dtype != 0x08:
        raise ValueError(f"starts with {idx[:4].hex(' ')}: expected 00 00 08 and the rank")
    total, *dims = struct.unpack(f">{rank}I", idx[4 : 4 + 4 * rank])
    item = 1
    for dim in dims:
        item *= dim
    header = 4 + 4 * rank
    if len(idx) != header + total * item or total < count:
        raise ValueError(f"holds {total} items in {len(idx)} bytes: expected {count} or more")
    return idx[:4] + struct.pack(f">{rank}I", count, *dims) + idx[header : header + count * item]


def main() -> None:
    root = Path(__file__).resolve().parent.parent
    mnist = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "data/mnist"
    sample = Path(sys.argv[2]) if len(sys.argv) > 2 else root / "data/mnist-sample"
    sample.mkdir(parents=True, exist_ok=True)
    for part, count in COUNTS.items():
        for kind in ("images-idx3", "labels-idx1"):
            name = f"{part}-{kind}-ubyte"
            data = cut((mnist / name).read_bytes(), count)
            (sample / f"{name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))
            print(f"{name}.gz: {count} items")


if __name__ == "__main__":
    main()
