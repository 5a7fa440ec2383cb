#!/usr/bin/env python3
"""Writes docs/parity.md: every public name of tarn, PyTorch's name for it, and how they differ.

usage: make_parity.py [--check | --torch]

The names come from the headers, what is said about them from parity_table.py: a name without an entry, or an entry
without a name, is an error. --check compares with the committed page instead of writing it. --torch looks every name
of PyTorch's up in an installed PyTorch (and torchvision's are left out).
"""

import glob
import re
import sys
from pathlib import Path

from parity_table import SECTIONS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "parity.md"
OPENING = """# tarn and PyTorch

Written by `scripts/make_parity.py` from the headers and `scripts/parity_table.py`; a test fails when it is out of date. Compared
with PyTorch 1.13. "-" under PyTorch: it has no such thing. An empty third column: same arguments, defaults, results and
gradients, as the tables in `tests/` check. Everywhere:

- Options are the fields of a struct, `{.lr = 0.1}`, with PyTorch's names; a `dtype` is one of them where PyTorch takes a keyword.
- dtypes are float32, float64, int64, int32, uint8 and bool; the device is the CPU; there are at most 8 dimensions.
- Where PyTorch accepts a list of ints, so does a `Shape`. Errors are exceptions derived from `tarn::Error`.

What differs on purpose, and why, is in [architecture.md](architecture.md).
"""


def code(text):
    """Without comments, and without the bodies of one-line functions."""
    return re.sub(r"//[^\n]*", "", text)


def names_in(patterns, regex):
    """The names that `regex` finds in the headers, in their order."""
    names = []
    for pattern in patterns.split():
        for path in sorted(glob.glob(str(ROOT / pattern))):
            names += [m for m in re.findall(regex, code(Path(path).read_text()), re.M) if m not in names]
    return names


def rows_of(section):
    """(tarn's name, PyTorch's, difference) in the order of the headers."""
    found = names_in(section["headers"], section["names"])
    found = [n for n in dict.fromkeys(found) if n not in section.get("internal", "").split()]
    entries = {name: (section["prefix"] + name, "") for name in section.get("same", "").split()}
    for name, (theirs, difference) in section.get("other", {}).items():
        if name in entries:
            sys.exit(f"parity_table.py: {section['title']}: {name} is listed twice")
        entries[name] = (theirs or section["prefix"] + name, difference)
    extra = [n for n in entries if n not in found]
    missing = [n for n in found if n not in entries]
    if missing or extra:
        sys.exit(f"parity_table.py: {section['title']}: no entry for {missing}, no such name: {extra}")
    return [(name, *entries[name]) for name in found]


def page():
    lines = [OPENING]
    for section in SECTIONS:
        rows = rows_of(section)
        lines += [f"## {section['title']}", "", f"| tarn | PyTorch | differences |", "|---|---|---|"]
        for name, theirs, difference in rows:
            shown = "-" if theirs == "-" else f"`{theirs}`"
            lines.append(f"| `{section['shown']}{name}` | {shown} | {difference} |")
        lines.append("")
    return "\n".join(lines)


def check_torch():
    """PyTorch's names exist."""
    import torch
    import torch.nn.utils.stateless  # noqa: F401  so that `torch` knows its submodules
    import torch.optim.swa_utils  # noqa: F401
    wrong = 0
    for section in SECTIONS:
        for _, theirs, _ in rows_of(section):
            if theirs == "-" or theirs.startswith("torchvision"):
                continue
            thing = torch
            try:
                for part in theirs.removeprefix("torch.").split("(")[0].split("."):
                    thing = getattr(thing, part)
            except AttributeError:
                print(f"{section['title']}: {theirs} is not in PyTorch {torch.__version__}")
                wrong += 1
    sys.exit(1 if wrong else 0)


def main():
    if "--torch" in sys.argv:
        check_torch()
    text = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text() != text:
            sys.exit("docs/parity.md is out of date: run scripts/make_parity.py and commit the result")
        return
    PAGE.write_text(text)
    print(f"docs/parity.md: {text.count(chr(10))} lines")


if __name__ == "__main__":
    main()
