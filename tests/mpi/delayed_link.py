#!/usr/bin/env python3
"""A pair of network devices, like a veth pair, of which one holds each packet for a time: for kernels without netem.

usage: delayed_link.py DELAYED PLAIN DELAY

What is sent through the device DELAYED comes out of PLAIN DELAY later (5ms, 0.1ms, 200us, 1s), in the same order; the other
direction takes no longer than it has to. Both are TAP devices, so that either may be moved to a network namespace. Prints "ready"
when they exist; they live as long as the program, until a signal ends it. Needs /dev/net/tun and the rights to make devices.

Exit code: 1 when the devices cannot be made, 2 for a DELAY that is no time.
"""

import fcntl
import os
import re
import select
import struct
import sys
import time
from collections import deque

TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
LONGEST_FRAME = 65536 + 18
MOST_HELD = 100_000  # packets, as in on_hosts.sh for netem


def seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(us|ms|s)", text)
    if not match:
        print(f"delayed_link: {text}: expected a time such as 5ms, with us, ms or s", file=sys.stderr)
        sys.exit(2)
    return float(match[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[match[2]]


def open_device(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return device


def frames(device: int):
    """All that has arrived."""
    while True:
        try:
            yield os.read(device, LONGEST_FRAME)
        except BlockingIOError:
            return


def write(device: int, frame: bytes) -> None:
    try:
        os.write(device, frame)
    except OSError:  # the device is down, or full: a link loses what it cannot carry
        pass


def forward(delayed: int, plain: int, delay: float) -> None:
    held = deque()  # (when it is due, frame)
    poll = select.epoll()
    poll.register(delayed, select.EPOLLIN)
    poll.register(plain, select.EPOLLIN)
    while True:
        # poll() waits for whole milliseconds; what is left of one is slept through in short pieces.
        left = held[0][0] - time.monotonic() if held else -1
        if held and left < 0.001:
            ready = poll.poll(0)
            if not ready and left > 0:
                time.sleep(min(left, 0.0001))
        else:
            ready = poll.poll(left - 0.001 if held else -1)
        for device, _ in ready:
            if device == plain:
                for frame in frames(plain):
                    write(delayed, frame)
            else:
                due = time.monotonic() + delay
                for frame in frames(delayed):
                    if len(held) < MOST_HELD:
                        held.append((due, frame))
        now = time.monotonic()
        while held and held[0][0] <= now:
            write(plain, held.popleft()[1])


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    delay = seconds(sys.argv[3])
    try:
        delayed, plain = (open_device(name) for name in sys.argv[1:3])
    except OSError as error:
        sys.exit(f"delayed_link: cannot make a TAP device: {error.strerror}")
    print("ready", flush=True)
    forward(delayed, plain, delay)


if __name__ == "__main__":
    main()
