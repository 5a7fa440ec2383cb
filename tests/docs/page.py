#!/usr/bin/env python3
"""Compiles and runs the code of a page of Markdown, and compares what it prints with what the page says it prints.

usage: page.py write PAGE PROGRAMS.cpp     makes one source file of all C++ on the page
       page.py run PAGE PROGRAMS           runs it, program by program, and compares; checks the page's commands
       page.py update PAGE PROGRAMS        puts what is printed into the page where it differs

How a page is written:

- A ```cpp block is part of a program. Blocks that follow one another are one program, up to a comment
  `<!-- program: NAME -->` before a block, which begins the program NAME or goes on with it. Further lines of that
  comment are code of the program that the page does not show. Hidden code is compiled like a block of its own.
- A block that begins with a preprocessor line, `using`, a class, a template, a function or a comment above one of these
  stands before main(), any other in it. A block with `int main() {` is a whole program (without a return statement).
  Standard headers, <tarn/tarn.h> and `using namespace tarn;` are there already.
- A block without a language is what the cpp block before it prints, warnings included; what prints must be shown. A line
  `...` stands for any number of lines. A number with a decimal point may differ by one in its last digit, since other
  processors round otherwise. An exception in a program's
  last block prints its message. Programs run in a folder of their own
  that has the project's `data/`.
- `<!-- cells: NAME -->` before a table: the code in its second column is compiled, each cell as a statement of the program
  NAME, but not run.
- `<!-- from: FILE -->` before a cpp block: it is no program, but lines of FILE as they stand there.
- A ```sh block has commands: programs, scripts, presets, targets and options that it names exist in the sources.
- Other languages: cmake, python, text. A fence of any other kind is an error.
- Links to files of the project, and to headings in them, lead somewhere.
"""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OTHER_LANGUAGES = {"cmake", "python", "text"}
HEADERS = ["algorithm", "cmath", "cstdint", "cstdio", "functional", "iostream", "limits", "memory", "span", "string", "utility", "vector"]
SEPARATOR = "\x1e"  # what a program prints between two blocks

FENCE = re.compile(r"^( *)(```+|~~~+)\s*([^`]*)$")
BEFORE_MAIN = re.compile(r"#|using |namespace |struct |class |enum |template|(?:[\w:<>*&]+ )+[*&]?\w+\([^;=\[]*\) (?:const )?\{")
FLOAT = re.compile(r"[-+]?\d[\d,]*\.\d*(?:e[-+]?\d+)?")


class PageError(Exception):
    pass


@dataclass
class Block:
    line: int  # of its first line of code, in the page
    language: str
    code: list
    hidden: bool = False
    output: list | None = None
    output_line: int = 0  # of the first line of the output, in the page

    def is_program(self):
        return any(re.match(r"int main\(\) \{", line) for line in self.code)

    def is_before_main(self):
        first = next((line for line in self.code if line.strip() and not line.startswith("//")), "")
        return self.is_program() or bool(BEFORE_MAIN.match(first))


@dataclass
class Page:
    path: Path
    text: str
    programs: dict = field(default_factory=dict)  # name: blocks
    commands: list = field(default_factory=list)  # blocks of shell commands

    def fail(self, line, text):
        raise PageError(f"{os.path.relpath(self.path, ROOT)}:{line}: {text}")


def read_block(page, lines, i, match):
    """The fenced block that opens in lines[i], and the index of the line behind it."""
    indent, fence, language = match.groups()
    end = i + 1
    while end < len(lines) and not re.match(rf" *{fence[0]}{{{len(fence)},}}\s*$", lines[end]):
        end += 1
    if end == len(lines):
        page.fail(i + 1, "this block has no end")
    code = [line.removeprefix(indent) for line in lines[i + 1 : end]]
    return Block(i + 2, language.strip(), code), end + 1


def check_quotation(page, block, file):
    source = ROOT / file
    if not source.is_file() or "\n".join(block.code) + "\n" not in source.read_text():
        page.fail(block.line, f"{file} does not have these lines")


def read_cells(page, lines, i, program):
    """Adds the code of a table's second column to the program; the index of the line behind the table."""
    cells = []
    while i < len(lines) and (not lines[i] or lines[i].startswith("|")):
        columns = re.split(r"(?<!\\)\|", lines[i])
        code = re.findall(r"`([^`]+)`", columns[2]) if len(columns) > 3 else []
        cells += [f"[[maybe_unused]] auto cell_{i}_{j} = [&] {{ {cell}; }};" for j, cell in enumerate(code)]
        i += 1
    if not cells:
        page.fail(i, "this table has no code in its second column")
    page.programs.setdefault(program, []).append(Block(i, "cpp", cells, hidden=True))
    return i


def read_page(path):
    page = Page(path.resolve(), path.read_text())
    lines = page.text.splitlines()
    name = re.sub(r"\W", "_", path.stem.lower())
    quoted = None  # the file that the next block is quoted from
    last = None  # the block whose output may follow
    i = 0
    while i < len(lines):
        comment = re.match(r"<!-- (program|from|cells): ([\w./-]+)(?: -->)?$", lines[i])
        if comment and comment[1] == "from":
            quoted = comment[2]
            i += 1
            continue
        if comment and comment[1] == "cells":
            name = comment[2]
            i = read_cells(page, lines, i + 1, name)
            continue
        if comment:
            name = comment[2]
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                page.fail(i + 1, f"a program cannot be called {name}")
            if not lines[i].endswith("-->"):
                begin = i + 1
                while lines[i] != "-->":
                    i += 1
                    if i == len(lines):
                        page.fail(begin, "this comment has no end")
                page.programs.setdefault(name, []).append(Block(begin + 1, "cpp", lines[begin:i], hidden=True))
            last = None
            i += 1
            continue
        match = FENCE.match(lines[i])
        if not match:
            i += 1
            continue
        block, i = read_block(page, lines, i, match)
        if block.language == "cpp" and quoted:
            check_quotation(page, block, quoted)
            quoted = last = None
        elif block.language == "cpp":
            page.programs.setdefault(name, []).append(block)
            last = block
        elif not block.language:
            if last is None:
                page.fail(block.line, "output of what? Otherwise give the block a language")
            last.output, last.output_line = block.code, block.line
            last = None
        elif block.language == "sh":
            page.commands.append(block)
        elif block.language not in OTHER_LANGUAGES:
            page.fail(block.line, f"no block may be '{block.language}': cpp is compiled; else {', '.join(sorted(OTHER_LANGUAGES))}")
        if quoted:
            page.fail(block.line, f"what is quoted from {quoted} must be a cpp block")
    for program, blocks in page.programs.items():
        if any(block.is_program() for block in blocks) and len(blocks) > 1:
            page.fail(blocks[1].line, f"program {program} has a main() already: begin another")
    return page


# ---- programs ----------------------------------------------------------------------------------


def placed(blocks, program, before_main):
    """The code of the blocks that stand before main(), or in it. Messages name lines as the reader counts them."""
    code = []
    line = 1
    for block in blocks:
        if block.is_before_main() == before_main:
            code.append(f'#line {1 if block.hidden else line} "{program}{".hidden" if block.hidden else ""}.cpp"')
            for text in block.code:
                # Headers are included outside of the program's namespace.
                text = re.sub(r"^#include.*", "", text)
                code.append(re.sub(r"^int main\(\) \{", "void run() {", text))
        if not before_main:
            code.append(f"std::cout << '\\x{ord(SEPARATOR):x}';")
        if not block.hidden:
            line += len(block.code)
    return code


def source(page):
    blocks = [block for program in page.programs.values() for block in program]
    includes = {f"#include <{header}>" for header in HEADERS} | {"#include <tarn/tarn.h>"}
    includes |= {line for block in blocks for line in block.code if line.startswith("#include")}
    code = sorted(includes) + ["using namespace tarn;"]
    for name, blocks in page.programs.items():
        code += [f"namespace program_{name} {{"] + placed(blocks, name, before_main=True)
        if not any(block.is_program() for block in blocks):
            code += ["void run() {"] + placed(blocks, name, before_main=False) + ["}"]
        code += [f"}}  // namespace program_{name}"]
    code += [
        "int main(int argc, char** argv) {",
        "  const std::string name = argc == 2 ? argv[1] : std::string();",
        "  std::cout << std::unitbuf;",
        "  std::setvbuf(stdout, nullptr, _IONBF, 0);",
        "  try {",
    ]
    code += [f'    if (name == "{name}") return program_{name}::run(), 0;' for name in page.programs]
    code += [
        "  } catch (const tarn::Error& error) {",
        "    std::cout << error.what() << '\\n';",
        "    return 0;",
        "  }",
        "  return 2;",
        "}",
    ]
    return "\n".join(code) + "\n"


# ---- output ------------------------------------------------------------------------------------


def same_number(shown, printed):
    """Equal up to one in the last digit that is shown."""
    mantissa, _, exponent = shown.partition("e")
    other, _, other_exponent = printed.partition("e")
    decimals = len(mantissa.split(".")[1])
    if exponent != other_exponent or len(other.split(".")[1]) != decimals:
        return False
    digits = [int(re.sub(r"[.,+]", "", text)) for text in (mantissa, other)]
    return mantissa.startswith("-") == other.startswith("-") and abs(digits[0] - digits[1]) <= 1


def same_line(shown, printed):
    a, b = FLOAT.findall(shown), FLOAT.findall(printed)
    return FLOAT.split(shown) == FLOAT.split(printed) and all(map(same_number, a, b))


def same_output(shown, printed):
    """Whether the lines agree, `...` standing for any number of them."""
    if not shown:
        return not printed
    if shown[0] == "...":
        return any(same_output(shown[1:], printed[skip:]) for skip in range(len(printed) + 1))
    return bool(printed) and same_line(shown[0], printed[0]) and same_output(shown[1:], printed[1:])


def printed_by(page, executable, name, folder):
    """What each block of the program prints, as lines."""
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    (folder / "data").symlink_to(ROOT / "data")
    result = subprocess.run([executable, name], cwd=folder, env=environment, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=240)
    if result.returncode:
        print(result.stdout)
        raise PageError(f"program {name} ended with {result.returncode}")
    # A program with a main() of its own prints no separators; the block that throws has none behind it.
    pieces = result.stdout.split(SEPARATOR)
    blocks = page.programs[name]
    if len(pieces) < len(blocks):
        page.fail(blocks[len(pieces) - 1].line, f"the program ends here, before its last block: {pieces[-1]}")
    return [[line.rstrip() for line in piece.splitlines()] for piece in pieces[: len(blocks)]]


def differences(page, executable):
    """Pairs of a block and what it prints, for those where that is not what the page shows."""
    for name, blocks in page.programs.items():
        with tempfile.TemporaryDirectory() as folder:
            for block, printed in zip(blocks, printed_by(page, executable, name, Path(folder))):
                if not same_output([line.rstrip() for line in block.output or []], printed):
                    yield block, printed


def update(page, executable):
    lines = page.text.splitlines()
    changes = [(block, printed) for block, printed in differences(page, executable) if not block.hidden]
    for block, printed in sorted(changes, key=lambda change: -change[0].line):
        if block.output is None:
            page.fail(block.line, "this block prints something: put an empty block without a language behind it")
        lines[block.output_line - 1 : block.output_line - 1 + len(block.output)] = printed
    page.path.write_text("\n".join(lines) + "\n")


def run(page, executable):
    good = True
    for block, printed in differences(page, executable):
        good = False
        shown = "\n".join(block.output or ["(nothing)"])
        print(f"{os.path.relpath(page.path, ROOT)}:{block.line}: this prints\n")
        print("\n".join(printed), f"but the page shows\n\n{shown}\n", sep="\n\n")
    print(f"{page.path.name}: {len(page.programs)} programs, {len(page.commands)} blocks of commands")
    return good


# ---- commands ----------------------------------------------------------------------------------


def sources_of(program):
    """The text of the sources of examples/<program> or benchmarks/<program>; empty when there is none."""
    files = [file for folder in ("examples", "benchmarks")
             for file in [*(ROOT / folder).glob(f"{program}.cpp"), *(ROOT / folder / program).rglob("*.cpp")]]
    if (ROOT / "tests" / program.removeprefix("test_")).is_dir() and program.startswith("test_"):
        return "--gtest_filter"
    if (ROOT / program).is_file():
        return (ROOT / program).read_text()
    return "".join(file.read_text() for file in files)


def check_command(page, line, command):
    # A build of one's own, and scripts of the project, whose options are those of what they start.
    for path in re.findall(r"(?:^|\s)\./([\w/-]+\.sh)|((?:scripts|tests|benchmarks)/[\w/]+\.(?:sh|py))", command):
        if not (ROOT / (path[0] or path[1])).is_file():
            page.fail(line, f"there is no {path[0] or path[1]}")
    program = re.search(r"build/[\w-]+/(?:examples|benchmarks|tests)/(\w+)|(run\.sh)", command)
    if program:
        name = program[1] or "mnist_mlp"
        text = sources_of(name) if name != "fuzz" else "fuzz"
        if not text:
            page.fail(line, f"there is no program {name}")
        for option in re.findall(r"\s(--[\w-]+)", re.split(r"[|;>#]", command[program.end() :])[0]):
            if option not in text and option != "--help":
                page.fail(line, f"{name} has no option {option}")
    presets = (ROOT / "CMakePresets.json").read_text()
    for preset in re.findall(r"--preset (\w+)", command):
        if f'"name": "{preset}"' not in presets:
            page.fail(line, f"there is no preset {preset}")
    for option in re.findall(r"-D(TARN_\w+)", command):
        if option not in (ROOT / "CMakeLists.txt").read_text():
            page.fail(line, f"CMakeLists.txt has no {option}")


def check_commands(page):
    for block in page.commands:
        text = "\n".join(block.code).replace("\\\n", "  ")
        for i, command in enumerate(text.splitlines()):
            check_command(page, block.line + i, command)


# ---- links -------------------------------------------------------------------------------------


def anchors(text):
    """The names under which the headings of a page can be linked to, as GitHub makes them."""
    text = re.sub(r"(?ms)^ *(```+).*?^ *\1 *$", "", text)
    headings = re.findall(r"(?m)^#+ +(.*)$", text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check_links(page):
    for i, line in enumerate(page.text.splitlines(), 1):
        for target, anchor in re.findall(r"\]\(([^)#: ]*)(?:#([^)]*))?\)", line):
            path = (page.path.parent / target).resolve() if target else page.path
            if target and not path.exists():
                page.fail(i, f"the link to {target} leads nowhere")
            if anchor and anchor not in anchors(path.read_text() if target else page.text):
                page.fail(i, f"{target or 'the page'} has no heading #{anchor}")


def main(action, path, file):
    page = read_page(Path(path))
    if action == "write":
        Path(file).write_text(source(page))
        return True
    executable = str(Path(file).resolve())
    if action == "update":
        update(page, executable)
        return True
    check_commands(page)
    check_links(page)
    return run(page, executable)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("write", "run", "update"):
        sys.exit(__doc__)
    try:
        sys.exit(0 if main(*sys.argv[1:]) else 1)
    except PageError as error:
        sys.exit(f"page.py: {error}")
