#!/usr/bin/env python3
"""Compares two outputs of behaviour.cpp: the same lines, with numbers that differ by rounding alone.

usage: compare.py EXPECTED ACTUAL
"""

import sys

RTOL, ATOL = 1e-4, 1e-6


def number(word):
    try:
        return float(word)
    except ValueError:
        return None


def differences(expected, actual):
    """What differs between two lines; empty when nothing does."""
    a, b = expected.split(), actual.split()
    if len(a) != len(b):
        return f"{len(b)} words instead of {len(a)}"
    for u, v in zip(a, b):
        x, y = number(u), number(v)
        if u != v and (x is None or y is None or abs(x - y) > ATOL + RTOL * abs(x)):
            return f"{v} instead of {u}"
    return ""


def main():
    expected, actual = (open(path).read().splitlines() for path in sys.argv[1:3])
    wrong = 0 if len(expected) == len(actual) else 1
    if wrong:
        print(f"{len(actual)} lines instead of {len(expected)}")
    for line, other in zip(expected, actual):
        if text := differences(line, other):
            print(f"{line.split(':')[0]}: {text}")
            wrong += 1
    print(f"{len(expected)} lines compared, {wrong} differ")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
