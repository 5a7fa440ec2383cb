#!/usr/bin/env python3
"""What page.py must refuse: a page whose code is not compiled, or whose output is not what is printed."""

import tempfile
import unittest
from pathlib import Path

import page

FENCE = "```"


def read(text):
    with tempfile.NamedTemporaryFile("w", suffix=".md") as file:
        file.write(text)
        file.flush()
        return page.read_page(Path(file.name))


def block(language, code):
    return f"{FENCE}{language}\n{code}\n{FENCE}\n"


class ReadPage(unittest.TestCase):
    def refuses(self, text, message):
        with self.assertRaisesRegex(page.PageError, message):
            read(text)

    def test_every_cpp_block_becomes_a_part_of_a_program(self):
        text = block("cpp", "int a = 1;") + "- a list\n\n  ```cpp\n  int b = 2;\n  ```\n" + "~~~cpp\nint c = 3;\n~~~\n"
        code = page.source(read(text))
        for line in ("int a = 1;", "int b = 2;", "int c = 3;"):
            self.assertIn(line, code.splitlines())

    def test_other_spellings_are_refused(self):
        for language in ("c++", "C++", "Cpp", "cc", "cpp ignore", "rust"):
            self.refuses(block(language, "int a;"), "no block may be")

    def test_a_block_without_a_language_is_the_output_of_one_before(self):
        self.refuses(block("", "int a = 1;"), "output of what")
        self.refuses(block("cpp", "f();") + block("", "1") + block("", "2"), "output of what")
        self.assertEqual(read(block("cpp", "f();") + block("", "1")).programs.popitem()[1][0].output, ["1"])

    def test_a_block_that_does_not_end_is_refused(self):
        self.refuses(f"{FENCE}cpp\nint a;\n", "has no end")
        self.refuses("<!-- program: a\nint a;\n", "has no end")

    def test_lines_that_are_quoted_stand_in_the_file(self):
        read("<!-- from: tarn.h -->\n" + block("cpp", "#pragma once"))
        self.refuses("<!-- from: tarn.h -->\n" + block("cpp", "#pragma twice"), "does not have these lines")
        self.refuses("<!-- from: tarn.h -->\n" + block("text", "x") + block("cpp", "f();"), "must be a cpp block")

    def test_declarations_stand_before_main(self):
        before = ["struct A {", "#include <map>", "// why\nstruct A {", "double f(int x) {", "Tensor g(const Tensor& x) { return x; }"]
        inside = ["f(x);", "for (auto& [x, y] : loader) {", "nn::Sequential net(nn::Functional([](const Tensor& x) { return x; }));",
                  "if (x) {", "Tensor x = f(y);"]
        for code in before:
            self.assertTrue(page.Block(1, "cpp", code.splitlines()).is_before_main(), code)
        for code in inside:
            self.assertFalse(page.Block(1, "cpp", code.splitlines()).is_before_main(), code)

    def test_commands_name_what_exists(self):
        for command in ("build/release/examples/mnist_mlp --no-such-option", "build/release/examples/no_such", "./no_such.sh",
                        "cmake --preset no_such", "cmake -DTARN_NO_SUCH=ON", "scripts/no_such.sh"):
            with self.assertRaises(page.PageError, msg=command):
                page.check_commands(read(block("sh", command)))
        page.check_commands(read(block("sh", "build/release/examples/mnist_mlp --lr 0.1 | grep -v --color x\n./run.sh --epochs 3")))

    def test_links_lead_somewhere(self):
        page.check_links(read("# A heading, with `code`\n[a](#a-heading-with-code) [b](https://example.org/x#y) [c](/)"))
        for link in ("[a](no_such.md)", "[a](#no-such)", f"```sh\n# not-a-heading\n```\n[a](#not-a-heading)"):
            with self.assertRaises(page.PageError, msg=link):
                page.check_links(read(link))


class SameOutput(unittest.TestCase):
    def test_text_is_compared_to_the_letter(self):
        self.assertTrue(page.same_output(["a 1"], ["a 1"]))
        for printed in (["a 2"], ["a 1", ""], [], ["a  1"], ["b 1"], ["a 10"]):
            self.assertFalse(page.same_output(["a 1"], printed), printed)

    def test_the_last_digit_after_a_point_may_differ_by_one(self):
        self.assertTrue(page.same_output(["loss 0.993, -1.00e-05"], ["loss 0.994, -1.01e-05"]))
        for printed in ("loss 0.995, -1.00e-05", "loss 0.993, 1.00e-05", "loss 0.993, -1.00e-06", "loss 0.9931, -1.00e-05", "loss nan, -1.00e-05"):
            self.assertFalse(page.same_output(["loss 0.993, -1.00e-05"], [printed]), printed)

    def test_dots_stand_for_any_number_of_lines(self):
        self.assertTrue(page.same_output(["a", "...", "z"], ["a", "b", "c", "z"]))
        self.assertFalse(page.same_output(["a", "...", "z"], ["a", "b", "c"]))


if __name__ == "__main__":
    unittest.main()
