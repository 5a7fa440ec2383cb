#!/usr/bin/env python3
"""Uses tarn in a project outside of its tree, in the way of the name.

usage: outside.py WAY BUILD

BUILD is tarn's build folder, with a library. Nothing of the library is compiled again: the ways that would build it as a
part of the project are configured, their flags checked, and the project's own file compiled.
"""

import json
import re
import shlex
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def call(*command, cwd=None, fails=False):
    """Runs the command and returns its output; it must succeed, or fail."""
    command = [str(part) for part in command]
    result = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if (result.returncode != 0) != fails:
        sys.exit(f"{shlex.join(command)}\n{result.stdout}\nended with {result.returncode}")
    return result.stdout


def expect(condition, text):
    if not condition:
        sys.exit(f"outside.py: {text}")


class Outside:
    def __init__(self, build, folder):
        self.build, self.folder = Path(build).resolve(), Path(folder)
        self.cache = (self.build / "CMakeCache.txt").read_text()
        self.compiler = self.cached("CMAKE_CXX_COMPILER")

    def cached(self, name):
        found = re.search(rf"^{name}:\w+=(.*)$", self.cache, re.MULTILINE)
        return found[1] if found else ""

    def install(self):
        call("cmake", "--install", self.build, "--prefix", self.folder / "installed")
        return self.folder / "installed"

    def configure(self, way, *options, fails=False):
        return call("cmake", "-S", HERE / "project", "-B", self.folder / "project", "-G", "Ninja", f"-DWAY={way}",
                    f"-DCMAKE_CXX_COMPILER={self.compiler}", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *options, fails=fails)

    def check_program(self, program):
        output = call(program, cwd=self.folder)
        expect(re.fullmatch(r"loss 0\.\d+\n", output), f"the program printed {output}")

    def check_flags(self):
        """The project's file is compiled with no flag of tarn's but its include folders and the language."""
        commands = json.loads((self.folder / "project/compile_commands.json").read_text())
        command = next(entry["command"] for entry in commands if entry["file"].endswith("install/program.cpp"))
        flags = [flag for flag in shlex.split(command)[1:] if flag.startswith("-")]
        foreign = [flag for flag in flags if not re.match(r"-(I|isystem|std=|o$|c$)", flag)]
        expect(not foreign, f"the project's file is compiled with {foreign}")

    def build_project(self):
        self.check_flags()
        call("cmake", "--build", self.folder / "project", "--target", "program")
        self.check_program(self.folder / "project/program")

    def compile_only(self):
        self.check_flags()
        call("cmake", "--build", self.folder / "project", "--target", "objects")

    def source_archive(self):
        call("cpack", "--config", self.build / "CPackSourceConfig.cmake", "-B", self.folder / "archive")
        archives = list((self.folder / "archive").glob("*.tar.gz"))
        expect(len(archives) == 1, f"cpack made {archives}")
        return archives[0]

    # ---- the ways ----

    def find_package(self):
        prefix = f"-DCMAKE_PREFIX_PATH={self.install()}"
        self.configure("find_package", prefix, "-DTARN_VERSION=0.1")
        self.build_project()
        output = self.configure("find_package", prefix, "-DTARN_VERSION=99", fails=True)
        expect("version: 0.1" in output, f"version 99 is not refused as such: {output}")
        output = self.configure("find_package", prefix, "-DTARN_VERSION=", "-DTARN_COMPONENTS=no_such", fails=True)
        expect("component no_such" in " ".join(output.split()), f"a component that there is not is not named: {output}")

    def pkg_config(self):
        paths = [str(path.parent) for path in self.install().rglob("tarn.pc")]
        expect(len(paths) == 1, f"tarn.pc lies in {paths}")
        flags = call("env", f"PKG_CONFIG_PATH={paths[0]}", "pkg-config", "--cflags", "--libs", "tarn >= 0.1").split()
        library = Path(paths[0]).parent
        call(self.compiler, "-std=c++20", HERE / "program.cpp", *flags, f"-Wl,-rpath,{library}", "-o", self.folder / "program")
        self.check_program(self.folder / "program")

    def add_subdirectory(self):
        self.configure("add_subdirectory", f"-DTARN_PLACE={ROOT}")
        self.compile_only()

    def fetch_content(self):
        archive = self.source_archive()
        self.configure("FetchContent", f"-DTARN_PLACE={archive}")
        self.compile_only()

    def archive(self):
        with tarfile.open(self.source_archive()) as archive:
            members = {member.name.split("/", 1)[1] for member in archive if member.isfile()}
        built = [name for name in members if re.match(r"(build|data/mnist|runs|\.git)/", name)]
        expect(not built, f"the source archive has {built[:3]}")
        tracked = call("git", "ls-files", cwd=ROOT).splitlines() if (ROOT / ".git").exists() else ["CMakeLists.txt"]
        missing = [name for name in tracked if name not in members and (ROOT / name).is_file()]
        expect(not missing, f"the source archive lacks {missing[:3]}")

    def debian_package(self):
        call("cpack", "--config", self.build / "CPackConfig.cmake", "-G", "DEB", "-B", self.folder / "deb")
        packages = list((self.folder / "deb").glob("*.deb"))
        expect(len(packages) == 1, f"cpack made {packages}")
        expect("zlib1g" in call("dpkg-deb", "--field", packages[0], "Depends"), "the package does not depend on zlib")
        call("dpkg-deb", "--extract", packages[0], self.folder / "root")
        self.configure("find_package", f"-DCMAKE_PREFIX_PATH={self.folder / 'root/usr'}")
        self.build_project()

    def recipes(self):
        """Conan's recipe finds the version where CMake does; vcpkg's has it a second time."""
        version = self.cached("CMAKE_PROJECT_VERSION")
        port = json.loads((ROOT / "packaging/vcpkg/tarn/vcpkg.json").read_text())
        expect(port["version"] == version, f"vcpkg.json says {port['version']}, CMakeLists.txt {version}")
        pattern = re.search(r're\.search\(r"(.*?)", load', (ROOT / "packaging/conan/conanfile.py").read_text())[1]
        found = re.search(pattern, (ROOT / "CMakeLists.txt").read_text())
        expect(found and found[1] == version, f"conanfile.py finds the version {found and found[1]}, not {version}")

    def shared(self):
        """What the shared library shows is enough for a program, and nothing of what it is made with.

        Where the build has a static library, a shared one is linked of its objects.
        """
        installed = self.install()
        libraries = [path for path in installed.rglob("libtarn.so*") if not path.is_symlink()]
        if not libraries:
            static = next(installed.rglob("libtarn.a"))
            libraries = [self.folder / "libtarn.so"]
            call(self.compiler, "-shared", "-fopenmp", "-pthread", f"-Wl,--version-script={ROOT}/cmake/exports.map",
                 "-Wl,-Bsymbolic-functions,-z,defs,--whole-archive", static, "-Wl,--no-whole-archive", "-lz", "-o", libraries[0])
        library = libraries[0]
        names = call("nm", "-D", "--defined-only", "--format=posix", library).splitlines()
        ours = re.compile(r"_Z(|Z|GV|GVZ|T[VTISWH]|Thn\d+_|Tv0_n\d+_)N[KRO]*4tarn")
        foreign = [name for name in names if not ours.match(name)]
        expect(len(names) > 1000 and not foreign, f"{len(names)} symbols, of others: {foreign[:3]}")
        include = installed / "include"
        call(self.compiler, "-std=c++20", f"-I{include}", HERE / "program.cpp", library, f"-Wl,-rpath,{library.parent}",
             "-o", self.folder / "program")
        self.check_program(self.folder / "program")


WAYS = ("find_package", "pkg_config", "add_subdirectory", "fetch_content", "archive", "debian_package", "recipes", "shared")

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in WAYS:
        sys.exit(f"{__doc__}\nWAY: {', '.join(WAYS)}")
    with tempfile.TemporaryDirectory() as folder:
        getattr(Outside(sys.argv[2], folder), sys.argv[1])()
