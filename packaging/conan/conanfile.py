"""tarn as a Conan 2 package: `conan create packaging/conan` in the project's folder."""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load
from conan.tools.system.package_manager import Apt


class TarnConan(ConanFile):
    name = "tarn"
    description = "Autodiff deep learning framework in C++20"
    topics = ("deep-learning", "autograd", "sgd")
    package_type = "library"
    settings = "os", "compiler", "build_type", "arch"
    options = {"shared": [True, False], "native": [True, False]}
    default_options = {"shared": False, "native": False}

    def set_version(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        self.version = re.search(r"project\(tarn VERSION ([\d.]+)", load(self, os.path.join(root, "CMakeLists.txt")))[1]

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        unwanted = ("build/*", "data/mnist/*", "runs/*", "results/*", ".git/*", ".git")
        copy(self, "*", root, self.export_sources_folder, excludes=unwanted)

    def validate(self):
        check_min_cppstd(self, 20)

    def requirements(self):
        self.requires("zlib/[>=1.2.13 <2]")
        # Headers that only the library's sources include.
        for header in ("eigen/3.4.0", "nlohmann_json/[>=3.11 <4]", "stb/cci.20230920"):
            self.requires(header, visible=False)

    def system_requirements(self):
        Apt(self).install(["librandom123-dev"])

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "EXAMPLES", "BENCHMARKS"):
            toolchain.cache_variables[f"TARN_BUILD_{part}"] = False
        toolchain.cache_variables["TARN_NATIVE"] = bool(self.options.native)
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()

    def package_info(self):
        self.cpp_info.libs = ["tarn"]
        self.cpp_info.set_property("cmake_target_name", "tarn::tarn")
        if not self.options.shared:
            self.cpp_info.system_libs = ["gomp" if self.settings.compiler == "gcc" else "omp", "pthread"]
