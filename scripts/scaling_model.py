#!/usr/bin/env python3
"""What data-parallel training costs on many ranks, by the model in docs/distributed.md: a table in Markdown.

usage: scaling_model.py [--compute MS] [--gradient MB] [--bandwidth MBIT] [--latency US] [--batch N] [--critical N]
                        [--bucket MB] [--ranks K,K,...]

compute is the time of one rank's step alone, gradient its size, bandwidth that of each rank's link, latency what a message
costs besides its bytes, batch the examples of each rank, critical the critical batch size. Ranks share no link.
"""

import argparse
import math

BACKWARD = 2 / 3  # the share of a step in which gradients become known


def reduce_ms(ranks, gradient, bandwidth, latency, bucket):
    """Adding up the gradients of all ranks, alone."""
    if ranks == 1:
        return 0.0
    bytes_ms = gradient * 8 / bandwidth * 1000
    messages = 2 * (ranks - 1) * buckets(gradient, bucket)
    return 2 * (ranks - 1) / ranks * bytes_ms + messages * latency / 1000


def buckets(gradient, bucket):
    """The first bucket has 1 MB, the others `bucket`."""
    return 1 + math.ceil(max(gradient - 1, 0) / bucket)


def step_ms(compute, reduce, gradient, bucket):
    """A step whose sums run while backward() does: all but what is left when it ends, at least the last bucket."""
    last = reduce * min(1.0, bucket / gradient)
    return compute + max(last, reduce - BACKWARD * compute)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--compute", type=float, default=100, help="ms")
    parser.add_argument("--gradient", type=float, default=100, help="MB")
    parser.add_argument("--bandwidth", type=float, default=10000, help="Mbit/s")
    parser.add_argument("--latency", type=float, default=20, help="us")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--critical", type=float, default=4000)
    parser.add_argument("--bucket", type=float, default=26.2, help="MB")
    parser.add_argument("--ranks", default="1,8,16,32,64,128,256,512,1024")
    a = parser.parse_args()

    alone = a.compute * (1 + a.critical / a.batch)
    print("| ranks | batch | reduce, ms | step, ms | efficiency | steps to a loss, of the fewest | time to it, of one rank's |")
    print("|---|---|---|---|---|---|---|")
    for ranks in map(int, a.ranks.split(",")):
        reduce = reduce_ms(ranks, a.gradient, a.bandwidth, a.latency, a.bucket)
        step = step_ms(a.compute, reduce, a.gradient, a.bucket)
        steps = 1 + a.critical / (a.batch * ranks)
        print(f"| {ranks} | {a.batch * ranks:,} | {reduce:.0f} | {step:.0f} | {a.compute / step:.0%} | {steps:.2f} | "
              f"1/{alone / (step * steps):.1f} |")


if __name__ == "__main__":
    main()
