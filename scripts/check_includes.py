#!/usr/bin/env python3
"""Checks the include graph of the sources; prints every violation as file:line and exits 1.

usage: scripts/check_includes.py [ROOT]
"""

import re
import sys
from pathlib import Path

# What each module may include besides itself. Programs, tests and compat/
# may include every module.
ALLOWED = {
    "tensor": set(),
    "autograd": {"tensor"},
    "nn": {"tensor", "autograd"},
    "optim": {"tensor", "autograd", "nn"},
    "io": {"tensor"},
    "data": {"tensor", "autograd", "io"},
    "distributed": {"tensor", "autograd", "nn", "optim", "io", "data"},
}
PROGRAMS = ["compat", "examples", "tests", "benchmarks"]
# Public headers that a program includes by itself, because they need what tarn.h must not reach.
OPT_IN = {"tarn/tensor/eigen.h"}
INTERNAL = {"kernels", "detail"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
HEAVY = re.compile(r"^(Eigen/|unsupported/Eigen|mpi|omp\.h|stb|nlohmann/|zlib\.h|Random123/"
                   r"|iostream$|random$|regex$)")
# Their results differ from one standard library to the next, or are not seeded by manual_seed.
RANDOM = re.compile(r"\bstd::(shuffle|sample|random_shuffle|\w+_distribution|random_device)\b"
                    r"|\brand\s*\(\s*\)|\bsrand\s*\(")


class Checker:
    def __init__(self, root: Path):
        self.root = root
        self.violations = []
        self.modules = [m for m in ALLOWED if (root / m).is_dir()]
        self.includes = {}  # project name (tarn/...) -> [(line, name)] of the library's files

    def report(self, file: Path, line: int, text: str) -> None:
        self.violations.append(f"{file.relative_to(self.root)}:{line}: {text}")

    def exists(self, name: str) -> bool:
        return name.startswith("tarn/") and (self.root / name[len("tarn/"):]).is_file()

    def check_include(self, file: Path, line: int, quote: str, name: str) -> None:
        """The rules for one #include line: its spelling, its existence, its direction."""
        module = file.relative_to(self.root).parts[0]
        beside = quote == '"' and module in PROGRAMS and (file.parent / name).is_file()
        within = [module, "examples"] if module == "tests" else [module]
        if beside and any((file.parent / name).resolve().is_relative_to(self.root / folder) for folder in within):
            return  # tests share what they are made of: "fixture.h", "../tensor/closeness.h"; and test parts of examples
        if "../" in name:
            self.report(file, line, f'"{name}" leaves its folder: write <tarn/<module>/<file>.h>')
        elif name.startswith("tarn/"):
            target = name.split("/")[1]
            if quote == '"':
                self.report(file, line, f'"{name}": write <{name}>')
            elif not self.exists(name):
                self.report(file, line, f"<{name}> does not exist")
            elif module in ALLOWED and target not in ALLOWED[module] | {module}:
                self.report(file, line, f"{module} must not include <{name}>: it may know "
                            + (", ".join(sorted(ALLOWED[module])) or "no other module"))
        elif name.split("/")[0] in ALLOWED:
            self.report(file, line, f"{name}: write <tarn/{name}>")
        elif quote == '"':
            self.report(file, line, f'"{name}": project headers are included as <tarn/...>')

    def check_file(self, file: Path) -> None:
        """All include lines of one file and, in the library, its sources of randomness."""
        relative = file.relative_to(self.root)
        library = relative.parts[0] not in PROGRAMS
        found = []
        for number, text in enumerate(file.read_text().splitlines(), 1):
            if match := INCLUDE.match(text):
                self.check_include(file, number, *match.groups())
                found.append((number, match[2]))
            code = text.split("//")[0]
            if library and (match := RANDOM.search(code)):
                self.report(file, number, f"{match[0].strip()}: use a tarn::Generator")
        if library:
            self.includes[f"tarn/{relative.as_posix()}"] = found

    def check_umbrella(self) -> None:
        """tarn.h reaches every public header and nothing heavy."""
        came_from = {"tarn/tarn.h": None}
        queue = ["tarn/tarn.h"]
        for name in queue:
            for line, target in self.includes.get(name, []):
                file = self.root / name[len("tarn/"):]
                if HEAVY.match(target):
                    path, step = [target], name
                    while step:
                        path, step = [step] + path, came_from[step]
                    self.report(file, line, "tarn.h reaches " + " -> ".join(path))
                elif "/kernels/" in target:
                    self.report(file, line, f"public header includes <{target}>, "
                                "which is not installed")
                if target in self.includes and target not in came_from:
                    came_from[target] = name
                    queue.append(target)
        for name in sorted(self.includes):
            public = name.endswith(".h") and not INTERNAL & set(name.split("/"))
            if public and name not in came_from and name not in OPT_IN:
                self.report(self.root / "tarn.h", 1, f"does not reach <{name}>")

    def run(self) -> int:
        for folder in self.modules + PROGRAMS:
            for file in sorted((self.root / folder).rglob("*")):
                if file.suffix in {".h", ".cpp"}:
                    self.check_file(file)
        if (self.root / "tarn.h").is_file():
            self.check_file(self.root / "tarn.h")
            self.check_umbrella()
        else:
            self.report(self.root / "tarn.h", 1, "does not exist")
        for violation in self.violations:
            print(violation)
        if not self.violations:
            print(f"check_includes: {len(self.includes)} library files: no violation")
        return 1 if self.violations else 0


if __name__ == "__main__":
    default = Path(__file__).resolve().parent.parent
    sys.exit(Checker(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else default).run())
