# SPDX-License-Identifier: MIT
"""What is installed, used as a stranger would: python3 -m tests.packaging.test_package BUILD_DIR"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from tests.bindings import header

from tests.packaging.support import ROOT, call_without_network, pkg_config, readme_block, run, version

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
BUNDLED = "MOBIVATE_BUNDLED" in os.environ
STRICT_C = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mobivate-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        first = cls.folder / "first"
        run("cmake", "--install", BUILD, "--prefix", first)
        # Moved, so that nothing can have kept the first place in mind.
        cls.prefix = cls.folder / "prefix with space"
        first.rename(cls.prefix)
        cls.library = next(cls.prefix.glob("lib*/**/libmobivate.so.1"))
        cls.environment = dict(
            os.environ, PKG_CONFIG_PATH=str(cls.library.parent / "pkgconfig"), LD_LIBRARY_PATH=str(cls.library.parent)
        )

    def pkg_config(self, *flags, environment=None):
        return pkg_config(*flags, environment=environment or self.environment)

    def compile(self, compiler, source, *flags):
        program = self.folder / "program"
        run(*compiler, source, "-o", program, *flags)
        return program

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def call_without_network(self, program, **environment):
        call_without_network(self, program, dict(self.environment, **environment))

    def test_what_is_installed(self):
        found = {str(path.relative_to(self.prefix)) for path in self.prefix.rglob("*") if not path.is_dir()}
        lib = str(self.library.parent.relative_to(self.prefix))
        for wanted in (
            "include/mobivate.h",
            "include/mobivate.hpp",
            f"{lib}/libmobivate.so",
            f"{lib}/libmobivate.so.1",
            f"{lib}/libmobivate.a",
            f"{lib}/pkgconfig/mobivate.pc",
            "bin/mbv",
            f"{lib}/cmake/mobivate/mobivateConfig.cmake",
            "share/man/man1/mbv.1",
            "share/man/man3/libmobivate.3",
            "share/man/man3/mbv_create_key.3",
            "share/bash-completion/completions/mbv",
            "share/zsh/site-functions/_mbv",
            "share/fish/vendor_completions.d/mbv.fish",
        ):
            self.assertIn(wanted, found)

    def test_the_exports_are_the_headers_functions_and_no_other(self):
        lines = run("nm", "-D", "--defined-only", self.library).splitlines()
        exported = {line.split()[2] for line in lines if line.split()[1] == "T"}
        other = [line for line in lines if line.split()[1] not in "TA"]
        self.assertEqual({name.split("@@")[0] for name in exported}, set(header.declarations()["functions"]))
        # Each in the node that Debian's list of them has.
        listed = re.findall(
            r"^ (mbv_\w+@MBV_[\d.]+) ", (ROOT / "pkgconfig/debian/libmobivate1.symbols").read_text(), re.MULTILINE
        )
        self.assertEqual({name.replace("@@", "@") for name in exported}, set(listed))
        self.assertEqual(len(listed), 19)
        self.assertEqual(other, [])

    def test_the_library_needs_libcurl_and_libc_alone(self):
        """Or, self-contained, libc."""
        needed = set(re.findall(r"\(NEEDED\).*\[(.*?)\]", run("readelf", "-d", self.library)))
        # The loader is a part of libc that a thread-local variable needs.
        needed = {name for name in needed if not name.startswith("ld-linux")}
        wanted = {"libc"} if BUNDLED else {"libcurl", "libc"}
        self.assertEqual({name.split(".so")[0].replace("-gnutls", "") for name in needed}, wanted)

    def test_no_path_of_the_builders_is_searched(self):
        dynamic = run("readelf", "-d", "-W", self.library)
        self.assertIn("soname: [libmobivate.so.1]", dynamic)
        self.assertNotRegex(dynamic, "RPATH|RUNPATH")
        # Self-contained, mbv is one file.
        wanted = [] if BUNDLED else [f"$ORIGIN:$ORIGIN/../{self.library.parent.relative_to(self.prefix)}"]
        self.assertEqual(re.findall(r"runpath: \[(.*)\]", run("readelf", "-d", "-W", self.prefix / "bin/mbv")), wanted)

    def test_the_header_alone_is_enough_and_clean(self):
        source = '#include "mobivate.h"\nint main(void) { return mbv_version_number() > 0 ? MBV_OK : MBV_KEY_CAPACITY; }\n'
        c_file, cpp_file = self.write("alone.c", source), self.write("alone.cpp", source)
        flags = ["-fsyntax-only", f"-I{self.prefix}/include"]
        for compiler in ("gcc", "clang"):
            for standard in ("c99", "c11", "c17"):
                run(compiler, f"-std={standard}", *STRICT_C, *flags, c_file)
        for compiler in ("g++", "clang++"):
            for standard in ("c++98", "c++03", "c++11", "c++14", "c++17", "c++20"):
                # A null pointer has no name before C++11.
                null = [] if standard in ("c++98", "c++03") else ["-Wzero-as-null-pointer-constant"]
                run(compiler, f"-std={standard}", *STRICT_C, "-Wold-style-cast", *null, *flags, cpp_file)

    def test_functions_throw_nothing_from_cpp11_on(self):
        source = self.write(
            "noexcept.cpp", '#include "mobivate.h"\nstatic_assert(noexcept(mbv_free(nullptr)) && noexcept(mbv_new()), "");\n'
        )
        for standard in ("c++11", "c++17"):
            run("g++", f"-std={standard}", "-fsyntax-only", f"-I{self.prefix}/include", source)

    def test_the_cpp_readmes_example_is_found_by_pkg_config_and_cmake(self):
        example = ROOT / "bindings/cpp/examples/create_key.cpp"
        program = self.compile(["g++", "-std=c++17", *STRICT_C], example, *self.pkg_config("--cflags", "--libs"))
        self.assert_example_says_why(program)
        environment = dict(os.environ, PKG_CONFIG_PATH=str(BUILD / "pkgconfig"))
        program = self.compile(
            ["g++", "-std=c++17", *STRICT_C], example, *self.pkg_config("--cflags", "--libs", environment=environment)
        )
        self.assert_example_says_why(program, LD_LIBRARY_PATH=str(BUILD))
        for place in (f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-Dmobivate_DIR={BUILD / 'pkgconfig'}"):
            with tempfile.TemporaryDirectory(dir=self.folder) as name:
                folder = pathlib.Path(name)
                (folder / "CMakeLists.txt").write_text(
                    f"""
                    cmake_minimum_required(VERSION 3.22)
                    project(first LANGUAGES CXX)
                    find_package(mobivate 1.0 REQUIRED)
                    add_executable(first {example})
                    target_compile_features(first PRIVATE cxx_std_17)
                    target_link_libraries(first mobivate::mobivate)"""
                )
                run("cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja", place)
                run("cmake", "--build", folder / "build")
                self.assert_example_says_why(folder / "build/first")

    def assert_example_says_why(self, program, **environment):
        environment = dict(self.environment, https_proxy="http://127.0.0.1:1", no_proxy="", **environment)
        finished = subprocess.run([program], env=environment, capture_output=True, text=True)
        self.assertNotEqual(finished.returncode, 0)
        self.assertIn("The old key still works.", finished.stderr)

    def test_the_c_readmes_example(self):
        """It is clean C, old and new, and says why where it can reach nobody; bindings/c/test runs it."""
        example = ROOT / "bindings/c/examples/create_key.c"
        for standard in ("c99", "c17"):
            self.call_without_network(
                self.compile(["cc", f"-std={standard}", *STRICT_C], example, *self.pkg_config("--cflags", "--libs"))
            )

    def test_the_readmes_c_example_is_clean_and_runs_with_every_compiler(self):
        source = readme_block("c", "mbv_create_key")
        c_file, cpp_file = self.write("first.c", source), self.write("first.cpp", source)
        compilers = [([name, f"-std={standard}", *STRICT_C], c_file) for name in ("gcc", "clang") for standard in ("c99", "c11")]
        compilers += [(["tcc", "-std=c99", "-Wall", "-Werror"], c_file), (["tcc", "-std=c11", "-Wall", "-Werror"], c_file)]
        compilers += [
            ([name, f"-std=c++{standard}", *STRICT_C, "-Wold-style-cast"], cpp_file)
            for name in ("g++", "clang++")
            for standard in (11, 14, 17, 20)
        ]
        for compiler, file in compilers:
            with self.subTest(" ".join(compiler[:2])):
                self.call_without_network(self.compile(compiler, file, *self.pkg_config("--cflags", "--libs")))

    def test_the_readmes_c_example_runs_static(self):
        source = self.write("static.c", readme_block("c", "mbv_create_key"))
        prefix = self.folder / "static prefix"
        shutil.copytree(self.prefix, prefix, symlinks=True)
        for shared in prefix.rglob("libmobivate.so*"):
            shared.unlink()
        environment = dict(self.environment, PKG_CONFIG_PATH=str(next(prefix.rglob("pkgconfig"))))
        program = self.compile(["gcc"], source, *self.pkg_config("--cflags", "--libs", "--static", environment=environment))
        self.assertNotIn("libmobivate", run("readelf", "-d", program))
        self.call_without_network(program)

    def test_every_symbol_is_found_after_dlopen(self):
        names = sorted(header.declarations()["functions"])
        script = "import ctypes, sys; library = ctypes.CDLL(sys.argv[1]); print([hasattr(library, name) for name in sys.argv[2:]].count(True))"
        self.assertEqual(run(sys.executable, "-c", script, self.library, *names).strip(), str(len(names)))

    def test_the_build_tree_can_be_used_without_installing(self):
        source = self.write("first.c", readme_block("c", "mbv_create_key"))
        environment = dict(os.environ, PKG_CONFIG_PATH=str(BUILD / "pkgconfig"))
        program = self.compile(["gcc"], source, *self.pkg_config("--cflags", "--libs", environment=environment))
        self.call_without_network(program, LD_LIBRARY_PATH=str(BUILD))
        self.cmake_project(
            "find_package(mobivate 1.0 REQUIRED)", "shared", f"-Dmobivate_DIR={BUILD / 'pkgconfig'}", LD_LIBRARY_PATH=""
        )
        self.cmake_project(
            "find_package(mobivate 1.0 REQUIRED COMPONENTS static)", "static", f"-Dmobivate_DIR={BUILD / 'pkgconfig'}"
        )

    def test_a_cmake_project_finds_it_shared_and_static(self):
        prefix = f"-DCMAKE_PREFIX_PATH={self.prefix}"
        for languages in ("C", "C CXX"):
            self.cmake_project("find_package(mobivate 1.0 REQUIRED)", "shared", prefix, languages=languages)
            self.cmake_project("find_package(mobivate 1.0 REQUIRED COMPONENTS shared)", "shared", prefix, languages=languages)
            self.cmake_project("find_package(mobivate 1.0 REQUIRED COMPONENTS static)", "static", prefix, languages=languages)
            self.cmake_project(
                "find_package(mobivate 1.0 REQUIRED)", "static", prefix, "-DBUILD_SHARED_LIBS=OFF", languages=languages
            )
        for wrong in ("2.0 REQUIRED", "1.0 REQUIRED COMPONENTS shared static", "1.0 REQUIRED COMPONENTS dynamic"):
            self.write(
                "CMakeLists.txt",
                f"cmake_minimum_required(VERSION 3.22)\nproject(first LANGUAGES C)\nfind_package(mobivate {wrong})\n",
            )
            with self.assertRaisesRegex(AssertionError, "mobivate"):
                run("cmake", "-S", self.folder, "-B", self.folder / "build-wrong", prefix)

    def cmake_project(self, finding, kind, *options, languages="C", **environment):
        """A project of a stranger's is configured, built and run, and is linked as it asked for."""
        with self.subTest(finding=finding, options=options, languages=languages), tempfile.TemporaryDirectory(
            dir=self.folder
        ) as name:
            folder = pathlib.Path(name)
            (folder / "first.c").write_text(readme_block("c", "mbv_create_key"))
            (folder / "CMakeLists.txt").write_text(
                f"""
                cmake_minimum_required(VERSION 3.22)
                project(first LANGUAGES {languages})
                {finding}
                add_executable(first first.c)
                target_link_libraries(first mobivate::mobivate)"""
            )
            run("cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja", *options)
            run("cmake", "--build", folder / "build", "--target", "first")
            self.assertEqual("libmobivate.so.1" in run("readelf", "-d", folder / "build/first"), kind == "shared")
            self.call_without_network(folder / "build/first", **environment)

    def copy_of_the_project(self, name):
        source = self.folder / name / "source"
        source.mkdir(parents=True)
        shutil.copy(ROOT / "CMakeLists.txt", source)
        for part in ("include", "src", "pkgconfig", "bindings/cpp/include"):
            shutil.copytree(ROOT / part, source / part)
        return source

    def test_two_builds_in_different_folders_give_the_same_bytes(self):
        if not (BUILD / "CMakeCache.txt").read_text().count("CMAKE_BUILD_TYPE:STRING=Release"):
            self.skipTest("only the release build promises that")
        built = []
        for name in ("one", "another deeper/place"):
            source = self.copy_of_the_project(name)
            run("cmake", "-S", source, "-B", source / "build", "-G", "Ninja")
            run("cmake", "--build", source / "build")
            built.append({path: (source / "build" / path).read_bytes() for path in ("libmobivate.so.1", "libmobivate.a", "mbv")})
        for path, content in built[0].items():
            self.assertEqual(content == built[1][path], True, path)

    def test_the_bill_of_materials(self):
        document = json.loads(next(self.prefix.rglob("mobivate.spdx.json")).read_text())
        packages = {package["name"]: package["versionInfo"] for package in document["packages"]}
        self.assertEqual(set(packages), {"libmobivate", "libcurl", "OpenSSL", "RapidJSON", "libstdc++"})
        for name, version in packages.items():
            self.assertRegex(version, r"^[0-9]+(\.[0-9]+)+", name)
        self.assertRegex(document["creationInfo"]["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        identifiers = {package["SPDXID"] for package in document["packages"]} | {"SPDXRef-DOCUMENT"}
        for relation in document["relationships"]:
            self.assertLessEqual({relation["spdxElementId"], relation["relatedSpdxElement"]}, identifiers)

    def test_the_headers_shortest_use_is_the_readmes(self):
        comment = (ROOT / "include/mobivate.h").read_text()
        self.assertIn("mbv_create_key(client, username, MBV_NUL_TERMINATED, password, MBV_NUL_TERMINATED,", comment)

    def test_every_binding_is_in_the_readme(self):
        readme = (ROOT / "README.md").read_text()
        for folder in (path for path in (ROOT / "bindings").iterdir() if path.is_dir()):
            self.assertIn(f"](bindings/{folder.name}/README.md)", readme)

    def test_the_headers_two_forms_of_the_version_agree(self):
        number = int(
            re.search(r"^#define MBV_VERSION_NUMBER ([0-9]+)$", (ROOT / "include/mobivate.h").read_text(), re.MULTILINE)[1]
        )
        major, minor, patch = (int(part) for part in version().split("."))
        self.assertEqual(number, major * 10000 + minor * 100 + patch)

    def test_the_version_comes_from_one_place(self):
        """A copy of the project in which that one place says another version."""
        source = self.copy_of_the_project("another version")
        text = (source / "include/mobivate.h").read_text()
        text = text.replace(f'MBV_VERSION "{version()}"', 'MBV_VERSION "1.22.333"')
        (source / "include/mobivate.h").write_text(re.sub("MBV_VERSION_NUMBER [0-9]+", "MBV_VERSION_NUMBER 12533", text))
        run("cmake", "-S", source, "-B", source / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug")
        run("cmake", "--build", source / "build")
        prefix = self.folder / "another prefix"
        run("cmake", "--install", source / "build", "--prefix", prefix)
        library = next(prefix.rglob("libmobivate.so.1.22.333"))
        self.assertIn("Library soname: [libmobivate.so.1]", run("readelf", "-d", library))
        loaded = run(
            sys.executable,
            "-c",
            "import ctypes, sys; library = ctypes.CDLL(sys.argv[1]); library.mbv_version.restype = ctypes.c_char_p; "
            "print(library.mbv_version().decode(), library.mbv_version_number())",
            library,
        )
        self.assertEqual(loaded.split(), ["1.22.333", "12533"])
        self.assertIn("mbv 1.22.333", run(prefix / "bin/mbv", "--version"))
        self.assertIn("Version: 1.22.333\n", next(prefix.rglob("mobivate.pc")).read_text())
        self.assertIn('"1.22.333"', next(prefix.rglob("mobivateConfigVersion.cmake")).read_text())
        self.assertIn('"1.22.333"', next(prefix.rglob("mobivate.spdx.json")).read_text())

    def test_every_package_and_the_changelog_have_the_version(self):
        # What is not released yet stands above.
        self.assertEqual(
            re.search(r"^## (\d\S+) - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1], version()
        )
        bindings = ROOT / "bindings"
        packages = {
            "csharp/src/Mobivate.csproj": r"<Version>(.*?)<",
            "java/pom.xml": r"<version>(.*?)<",
            "node/package.json": r'"version": "(.*?)"',
            "ocaml/dune-project": r"\(version (.*?)\)",
            "perl/lib/Mobivate.pm": r"VERSION = '(.*?)'",
            "php/composer.json": r'"version": "(.*?)"',
            "python/pyproject.toml": r'^version = "(.*?)"',
            "ruby/lib/mobivate/version.rb": r'VERSION = "(.*?)"',
            "lua/mobivate.lua": r'_VERSION = "(.*?)"',
            "rust/mobivate/Cargo.toml": r'^version = "(.*?)"',
            "rust/mobivate-sys/Cargo.toml": r'^version = "(.*?)"',
        }
        for path, pattern in packages.items():
            self.assertEqual(re.search(pattern, (bindings / path).read_text(), re.MULTILINE)[1], version(), path)


if __name__ == "__main__":
    unittest.main(verbosity=1)
