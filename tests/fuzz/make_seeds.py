#!/usr/bin/env python3
"""Writes seeds/: small valid files for the fuzz targets that have no fixtures to begin with.

usage: tests/fuzz/make_seeds.py
"""

import gzip
import json
import struct
import zlib
from pathlib import Path

SEEDS = Path(__file__).resolve().parent / "seeds"


def save(name, data):
    path = SEEDS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def idx(code, shape, payload):
    return bytes([0, 0, code, len(shape)]) + b"".join(struct.pack(">I", n) for n in shape) + payload


def checkpoint(metadata, tensors):
    """`tensors`: (name, dtype, shape, bytes) in the order of the file, without the checksums."""
    count = len(tensors) + 1
    entries = [("checksums", "I64", [count], bytes(8 * count)), *tensors]
    header, begin = {"__metadata__": metadata}, 0
    for name, dtype, shape, data in entries:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, begin + len(data)]}
        begin += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    start = struct.pack("<Q", len(text)) + text
    sums = [zlib.crc32(start)] + [zlib.crc32(data) for _, _, _, data in tensors]
    return start + struct.pack(f"<{count}q", *sums) + b"".join(data for *_, data in tensors)


def main():
    save("idx/labels", idx(8, [5], bytes(range(5))))
    save("idx/images", idx(8, [2, 3, 3], bytes(range(18))))
    save("idx/int8", idx(9, [2], b"\x80\x7f"))
    save("idx/int16", idx(11, [2], struct.pack(">hh", -2, 3)))
    save("idx/int32", idx(12, [1, 2], struct.pack(">ii", -2, 3)))
    save("idx/float32", idx(13, [2], struct.pack(">ff", 0.5, -1e30)))
    save("idx/float64", idx(14, [1, 1, 1], struct.pack(">d", 0.5)))
    labels = gzip.compress(idx(8, [5], bytes(range(5))), mtime=0)
    save("idx/labels.gz", labels)
    save("idx/two_members.gz", gzip.compress(idx(8, [5], b"")[:6], mtime=0)
         + gzip.compress(idx(8, [5], bytes(range(5)))[6:], mtime=0))
    save("cifar10/two", b"".join(bytes([label]) + bytes(range(256)) * 12 for label in (3, 9)))
    save("cifar10/two.gz", gzip.compress(bytes(3073) + bytes(3073), mtime=0))
    save("csv/header", b"a,b,label\n1,2.5,0\n-3e4,,1\n")
    save("csv/quotes", b'\xef\xbb\xbf"x ""1""","y\nz"\r\n"1", 2\r\n3,"4"')
    save("csv/semicolons", b"1;2;3\n4;5;6\n")
    generator = [("generator.seed", "I64", [], struct.pack("<q", 1)),
                 ("generator.stream", "I64", [], struct.pack("<q", 2))]
    ours = {"tarn.checkpoint": "1", "tarn.parts": "model,generator", "tarn.step": "42"}
    # How many bytes follow the header, and the header.
    tensors = {"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
               "b/\u00e9": {"dtype": "I64", "shape": [], "data_offsets": [24, 32]}}
    save("json/tensors", b"\x20" + json.dumps(tensors).encode())
    save("json/metadata", b"\x02" + json.dumps(
        {"__metadata__": {"note": "\"x\"\n\u20ac", "": ""},
         "w": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}, indent=1).encode())
    save("checkpoint/plain", checkpoint(ours, [
        *generator, ("model.w", "F32", [2], struct.pack("<ff", 1, 2))]))
    save("checkpoint/metric", checkpoint({**ours, "tarn.metric": "0.25", "note": "x"}, generator))


if __name__ == "__main__":
    main()
