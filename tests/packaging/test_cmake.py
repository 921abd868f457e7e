# SPDX-License-Identifier: MIT
"""The build, as a part of other projects, with other places, kinds and compilers: python3 -m tests.packaging.test_cmake"""

import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile
import unittest

from tests.packaging.support import ROOT, call_without_network, pkg_config, readme_block, run

SECOND_SOURCE = "#include <mobivate.hpp>\nint second() { return static_cast<int>(mobivate::status::ok); }\n"


class Project(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mobivate-cmake-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def configure(self, *options, source=ROOT, build="build", environment=None):
        return run("cmake", "-S", source, "-B", self.folder / build, "-G", "Ninja", *options, env=environment)

    def build(self, *targets, build="build"):
        return run("cmake", "--build", self.folder / build, *[part for target in targets for part in ("--target", target)])

    def install(self, build="build"):
        run("cmake", "--install", self.folder / build)

    def files(self, folder):
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}

    def commands(self, build="build"):
        """The compiler's command line for each source."""
        entries = json.loads((self.folder / build / "compile_commands.json").read_text())
        return {pathlib.Path(entry["file"]).name: entry["command"] for entry in entries}


class Guest(Project):
    """Another project takes this one in."""

    WAYS = {
        "add_subdirectory": f'add_subdirectory("{ROOT}" mobivate)',
        "FetchContent": f'include(FetchContent)\nFetchContent_Declare(mobivate SOURCE_DIR "{ROOT}")\nFetchContent_MakeAvailable(mobivate)',
    }

    def take_in(self, way, *options):
        source = self.folder / "source"
        source.mkdir()
        (source / "first.c").write_text(readme_block("c", "mbv_create_key"))
        (source / "second.cpp").write_text(SECOND_SOURCE)
        (source / "CMakeLists.txt").write_text(
            f"""
            cmake_minimum_required(VERSION 3.22)
            project(host LANGUAGES C CXX)
            get_cmake_property(before CACHE_VARIABLES)
            {self.WAYS[way]}
            add_executable(first first.c second.cpp)
            target_compile_features(first PRIVATE cxx_std_17)
            target_link_libraries(first mobivate::mobivate)
            install(TARGETS first)
            get_cmake_property(after CACHE_VARIABLES)
            list(REMOVE_ITEM after ${{before}})
            get_directory_property(options COMPILE_OPTIONS)
            get_directory_property(definitions COMPILE_DEFINITIONS)
            get_directory_property(links LINK_OPTIONS)
            file(WRITE ${{CMAKE_BINARY_DIR}}/host "${{after}}")
            message(STATUS "of the host: <${{CMAKE_BUILD_TYPE}}${{CMAKE_CXX_STANDARD}}${{options}}${{definitions}}${{links}}>")"""
        )
        said = self.configure(*options, f"-DCMAKE_INSTALL_PREFIX={self.folder / 'prefix'}", source=source)
        self.assertIn("of the host: <>", said)
        self.build()
        self.install()

    def libraries(self):
        return {
            name.split(".so")[0] + ".so" if ".so" in name else name
            for name in map(os.path.basename, self.files(self.folder / "build"))
            if name.startswith("libmobivate")
        }

    def test_one_library_and_nothing_else(self):
        for way, options, library in (
            ("FetchContent", (), "libmobivate.a"),
            ("add_subdirectory", ("-DBUILD_SHARED_LIBS=ON",), "libmobivate.so"),
            ("add_subdirectory", ("-DBUILD_SHARED_LIBS=OFF",), "libmobivate.a"),
        ):
            with self.subTest(way=way, options=options):
                self.take_in(way, *options)
                self.assertEqual(self.libraries(), {library})
                built = {os.path.basename(name) for name in self.files(self.folder / "build")}
                for unwanted in ("mbv", "mobivate.spdx.json", "mobivate.pc", "mobivate-uninstalled.pc", "mobivateConfig.cmake"):
                    self.assertNotIn(unwanted, built)
                self.assertEqual(self.files(self.folder / "prefix"), {"bin/first"})
                self.assertEqual(
                    "libmobivate.so.1" in run("readelf", "-d", self.folder / "build/first"), library == "libmobivate.so"
                )
                call_without_network(self, self.folder / "build/first")
                added = (self.folder / "build/host").read_text().split(";")
                self.assertIn("MOBIVATE_TOOL", added)
                self.assertEqual(
                    [name for name in added if name.startswith(("CMAKE_BUILD", "CMAKE_CXX_", "CMAKE_C_", "BUILD_"))], []
                )
                shutil.rmtree(self.folder / "source")
                shutil.rmtree(self.folder / "prefix")
                shutil.rmtree(self.folder / "build")

    def test_tool_and_install_rules_where_they_are_asked_for(self):
        self.take_in("add_subdirectory", "-DMOBIVATE_INSTALL=ON", "-DMOBIVATE_TOOL=ON")
        installed = self.files(self.folder / "prefix")
        for wanted in ("bin/mbv", "include/mobivate.h", "include/mobivate.hpp", "share/man/man1/mbv.1"):
            self.assertIn(wanted, installed)
        self.assertIn("mbv ", run(self.folder / "prefix/bin/mbv", "--version"))


class Places(Project):
    """Where things are installed."""

    def place(self, name, **places):
        self.configure(
            f"-DCMAKE_INSTALL_PREFIX={self.folder / name}", *[f"-DCMAKE_INSTALL_{kind}={place}" for kind, place in places.items()]
        )
        self.build()
        self.install()

    def use(self, library_folder, *options):
        """As a program by pkg-config, and as a CMake project."""
        source = self.folder / "first.c"
        source.write_text(readme_block("c", "mbv_create_key"))
        environment = dict(os.environ, PKG_CONFIG_PATH=str(library_folder / "pkgconfig"))
        flags = pkg_config("--cflags", "--libs", environment=environment)
        self.assertNotIn("//", " ".join(flags))
        run("cc", "-o", self.folder / "first", source, *flags, f"-Wl,-rpath,{library_folder}")
        call_without_network(self, self.folder / "first")
        for kind in ("shared", "static"):
            project = self.folder / kind
            project.mkdir()
            shutil.copy(source, project)
            (project / "CMakeLists.txt").write_text(
                f"""
                cmake_minimum_required(VERSION 3.22)
                project(first LANGUAGES C CXX)
                find_package(mobivate 1.0 REQUIRED COMPONENTS {kind})
                add_executable(first first.c)
                target_link_libraries(first mobivate::mobivate)"""
            )
            self.configure(f"-Dmobivate_DIR={library_folder / 'cmake/mobivate'}", source=project, build=f"build-{kind}")
            self.build(build=f"build-{kind}")
            call_without_network(self, self.folder / f"build-{kind}/first")

    def test_absolute_folders(self):
        """As Nix has them: one output for programs, one for libraries, one for headers."""
        library, headers = self.folder / "library output/lib", self.folder / "header output/include"
        self.place("output", LIBDIR=library, INCLUDEDIR=headers)
        self.assertEqual({"mobivate.h", "mobivate.hpp"}, self.files(headers))
        self.assertEqual({name.split("/")[0] for name in self.files(self.folder / "output")}, {"bin", "share"})
        self.assertIn("mbv ", run(self.folder / "output/bin/mbv", "--version"))
        self.use(library)

    def test_folders_below_others(self):
        self.place("first prefix", LIBDIR="lib/of/machine", BINDIR="tools/bin")
        (self.folder / "first prefix").rename(self.folder / "moved")
        shutil.rmtree(self.folder / "build")
        self.assertIn("mbv ", run(self.folder / "moved/tools/bin/mbv", "--version"))
        self.use(self.folder / "moved/lib/of/machine")

    def test_one_kind_alone(self):
        for shared in ("ON", "OFF"):
            with self.subTest(shared=shared):
                prefix, build = self.folder / f"prefix-{shared}", f"build-{shared}"
                self.configure(
                    f"-DCMAKE_INSTALL_PREFIX={prefix}", "-DCMAKE_INSTALL_LIBDIR=lib", f"-DBUILD_SHARED_LIBS={shared}", build=build
                )
                self.build(build=build)
                self.install(build=build)
                self.assertEqual(
                    {name for name in self.files(prefix) if re.fullmatch(r"lib/libmobivate\.(a|so)", name)},
                    {"lib/libmobivate.so" if shared == "ON" else "lib/libmobivate.a"},
                )
                self.assertIn("mbv ", run(prefix / "bin/mbv", "--version"))
                source = self.folder / "first.c"
                source.write_text(readme_block("c", "mbv_create_key"))
                flags = pkg_config(
                    "--cflags", "--libs", environment=dict(os.environ, PKG_CONFIG_PATH=str(prefix / "lib/pkgconfig"))
                )
                run("cc", "-o", self.folder / "first", source, *flags, f"-Wl,-rpath,{prefix / 'lib'}")
                call_without_network(self, self.folder / "first")
                project = self.folder / f"project-{shared}"
                project.mkdir()
                (project / "CMakeLists.txt").write_text(
                    "cmake_minimum_required(VERSION 3.22)\nproject(first LANGUAGES C CXX)\nfind_package(mobivate REQUIRED)\n"
                    f"add_executable(first {source})\ntarget_link_libraries(first mobivate::mobivate)\n"
                )
                self.configure(f"-DCMAKE_PREFIX_PATH={prefix}", source=project, build=f"{build}-project")
                self.build(build=f"{build}-project")
                call_without_network(self, self.folder / f"{build}-project/first")
                missing = "static" if shared == "ON" else "shared"
                (project / "CMakeLists.txt").write_text(
                    "cmake_minimum_required(VERSION 3.22)\nproject(first LANGUAGES C CXX)\n"
                    f"find_package(mobivate REQUIRED COMPONENTS {missing})\n"
                )
                with self.assertRaisesRegex(AssertionError, f"built\\s+without\\s+its\\s+{missing}\\s+library"):
                    self.configure(f"-DCMAKE_PREFIX_PATH={prefix}", source=project, build=f"{build}-project")

    def test_no_option_and_no_network(self):
        offline = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
        if subprocess.run([*offline, "true"], capture_output=True).returncode != 0:
            self.skipTest("no network namespace can be made here")
        environment = dict(os.environ, DESTDIR=str(self.folder / "destination"))
        for command in (["-S", ROOT, "-B", "build"], ["--build", "build"], ["--install", "build"]):
            run(*offline, "cmake", *command, cwd=self.folder, env=environment)
        self.assertIn("mbv ", run(self.folder / "destination/usr/local/bin/mbv", "--version"))


class Hardening(Project):
    """What the built files show."""

    def is_x86(self):
        return platform.machine() == "x86_64"

    def properties(self, *files):
        """Of each object in the files: its x86 features."""
        said = run("readelf", "-n", "-W", *files)
        # Of one file alone readelf does not say the name.
        parts = re.split(r"^File: ", said if said.lstrip().startswith("File: ") else "File: " + said, flags=re.MULTILINE)[1:]
        features = [re.search(r"x86 feature: (.*)", part) for part in parts]
        return [{"IBT", "SHSTK"}.intersection(re.findall(r"\w+", feature[1])) if feature else set() for feature in features]

    def disassembled(self, file):
        return run("objdump", "-d", "--no-show-raw-insn", file)

    def assert_hardened(self, file):
        segments, dynamic = run("readelf", "-l", "-W", file), run("readelf", "-d", "-W", file)
        self.assertIn("GNU_RELRO", segments)
        self.assertRegex(segments, r"GNU_STACK.* RW ")
        self.assertNotRegex(segments, r"LOAD.* RWE ")
        self.assertIn("BIND_NOW", dynamic)
        self.assertIn("Type:                              DYN", run("readelf", "-h", file))
        needed = run("nm", "-D", "-u", file)
        self.assertIn("__stack_chk_fail", needed)
        self.assertRegex(needed, r"__\w+_chk@", f"nothing in {file} is fortified")
        if self.is_x86():
            # A stack frame larger than a page is touched page by page.
            self.assertRegex(self.disassembled(file), r"\bor[ql] +\$0x0,(0x[0-9a-f]+)?\(%rsp\)")

    def test_every_optimised_build_type(self):
        """Release is in test_indirect_branches_and_returns, RelWithDebInfo in test_several_build_types_in_one_build."""
        for build_type, flags in (("MinSizeRel", ""), ("None", "-O2"), ("Debug", "-Og")):
            with self.subTest(build_type=build_type):
                self.configure(
                    f"-DCMAKE_BUILD_TYPE={build_type}",
                    f"-DCMAKE_C_FLAGS={flags}",
                    f"-DCMAKE_CXX_FLAGS={flags}",
                    "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON",
                    build=build_type,
                )
                self.build(build=build_type)
                for name in ("libmobivate.so.1", "mbv"):
                    self.assert_hardened(self.folder / build_type / name)

    def test_several_build_types_in_one_build(self):
        run("cmake", "-S", ROOT, "-B", self.folder / "multi", "-G", "Ninja Multi-Config", "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON")
        for configuration, fortified in (("RelWithDebInfo", True), ("Debug", False)):
            run("cmake", "--build", self.folder / "multi", "--config", configuration, "--target", "mobivate", "mbv")
            for name in ("libmobivate.so.1", "mbv"):
                file = self.folder / "multi" / configuration / name
                if fortified:
                    self.assert_hardened(file)
                else:
                    self.assertNotRegex(run("nm", "-D", "-u", file), r"__\w+_chk@")

    def test_fortified_otherwise(self):
        """Debian, Ubuntu and Gentoo have a say of their own."""
        flags = "-O2 -D_FORTIFY_SOURCE=3"
        self.configure(
            "-DCMAKE_BUILD_TYPE=Release",
            f"-DCMAKE_CXX_FLAGS={flags}",
            f"-DCMAKE_C_FLAGS={flags}",
            "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
        )
        for command in self.commands().values():
            self.assertEqual(re.findall(r"-D_FORTIFY_SOURCE=\d", command), ["-D_FORTIFY_SOURCE=3"])

    def test_indirect_branches_and_returns(self):
        self.configure()
        self.build()
        build = self.folder / "build"
        for name in ("libmobivate.so.1", "mbv"):
            self.assert_hardened(build / name)
        if not self.is_x86():
            self.skipTest("IBT and SHSTK are x86's")
        both = {"IBT", "SHSTK"}
        self.assertEqual(self.properties(build / "libmobivate.so.1"), [both])
        # What the note says is so: each object that was linked has both, or has nothing that is called indirectly.
        for archive in (
            build / "libmobivate.a",
            *[run("c++", f"-print-file-name={name}").strip() for name in ("libstdc++.a", "libgcc.a", "libgcc_eh.a")],
        ):
            objects = self.properties(archive)
            self.assertGreater(len(objects), 4)
            self.assertTrue(all(found == both for found in objects), archive)
        dynamic = run("readelf", "-d", "-W", build / "libmobivate.so.1")
        self.assertNotRegex(dynamic, r"\((INIT|FINI)\)")
        self.assertIn("(INIT_ARRAY)", dynamic)

        startup = [run("cc", f"-print-file-name={name}").strip() for name in ("Scrt1.o", "crti.o", "crtn.o")]
        expected = both if all(found == both for found in self.properties(*startup)) else {"SHSTK"}
        self.assertEqual(self.properties(build / "mbv"), [expected])

    def test_a_compiler_that_knows_less(self):
        """What it does not know is left out; what it does is kept."""
        unknown = (
            "-fstack-clash-protection",
            "-fcf-protection",
            "-Wshadow",
            "-Wl,-z,nodelete",
            "-Wl,--gc-sections",
            "-static-libgcc",
        )
        for name in ("cc", "c++"):
            compiler = self.folder / name
            compiler.write_text(
                "#!/bin/sh\nfor word; do\n    case $word in\n    "
                + "|".join(unknown)
                + ") echo \"error: unrecognized command-line option '$word'\" >&2; exit 1 ;;\n    esac\ndone\n"
                f'exec {shutil.which(name)} "$@"\n'
            )
            compiler.chmod(0o755)
        environment = {name: value for name, value in os.environ.items() if not name.endswith("_COMPILER_LAUNCHER")}
        self.configure(
            f"-DCMAKE_C_COMPILER={self.folder / 'cc'}",
            f"-DCMAKE_CXX_COMPILER={self.folder / 'c++'}",
            "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
            environment=environment,
        )
        self.build()
        self.assertIn("mbv ", run(self.folder / "build/mbv", "--version"))
        for command in self.commands().values():
            self.assertIn("-fstack-protector-strong", command)
            self.assertIn(f"-ffile-prefix-map={ROOT}=.", command)
        dynamic = run("readelf", "-d", "-W", self.folder / "build/libmobivate.so.1")
        self.assertIn("BIND_NOW", dynamic)
        self.assertNotIn("libstdc++", dynamic)
        self.assertNotIn("NODELETE", dynamic)


class Curl(Project):
    def package(self):
        """A CMake package of libcurl's, with headers of its own."""
        cache = self.folder / "probe"
        self.configure("-DCURL_NO_CURL_CMAKE=ON", build="probe")
        include, library = [
            re.search(rf"^{name}:\w+=(.*)$", (cache / "CMakeCache.txt").read_text(), re.MULTILINE)[1]
            for name in ("CURL_INCLUDE_DIR", "CURL_LIBRARY_RELEASE")
        ]
        prefix = self.folder / "curl"
        shutil.copytree(pathlib.Path(include) / "curl", prefix / "include/curl")
        header = prefix / "include/curl/curl.h"
        header.write_text(header.read_text() + '\n#pragma message "of the package"\n')
        version = re.search(r'LIBCURL_VERSION "(.*?)"', (prefix / "include/curl/curlver.h").read_text())[1]
        config = prefix / "lib/cmake/CURL"
        config.mkdir(parents=True)
        (config / "CURLConfig.cmake").write_text(
            f"""
            add_library(CURL::libcurl_shared SHARED IMPORTED)
            set_target_properties(CURL::libcurl_shared PROPERTIES IMPORTED_LOCATION "{library}" INTERFACE_INCLUDE_DIRECTORIES "{prefix}/include")
            add_library(CURL::libcurl ALIAS CURL::libcurl_shared)"""
        )
        (config / "CURLConfigVersion.cmake").write_text(
            f"""
            set(PACKAGE_VERSION "{version}")
            set(PACKAGE_VERSION_COMPATIBLE TRUE)"""
        )
        return prefix, version

    def test_headers_and_library_are_of_one_libcurl(self):
        prefix, version = self.package()
        environment = {name: value for name, value in os.environ.items() if not name.endswith("_COMPILER_LAUNCHER")}
        self.configure(f"-DCMAKE_PREFIX_PATH={prefix}", environment=environment)
        users = [path.name for path in (ROOT / "src").rglob("*.cpp") if "#include <curl/" in path.read_text()]
        self.assertIn("options.cpp", users)
        self.assertGreaterEqual(self.build("mobivate_objects").count("of the package"), len(users))
        document = json.loads((self.folder / "build/mobivate.spdx.json").read_text())
        self.assertEqual({package["name"]: package.get("versionInfo") for package in document["packages"]}["libcurl"], version)

    def test_the_bill_of_materials_names_the_tls_library_that_is_used(self):
        for tls, name in (("libgnutls.so.30", "GnuTLS"), ("libmbedtls.so.14", "Mbed TLS"), ("libother.so.1", None)):
            with self.subTest(tls=tls):
                (self.folder / "empty.c").write_text("int empty;\n")
                run("cc", "-shared", "-fPIC", f"-Wl,-soname,{tls}", "-o", self.folder / "libtls.so", self.folder / "empty.c")
                run(
                    "cc",
                    "-shared",
                    "-fPIC",
                    "-Wl,--no-as-needed",
                    "-o",
                    self.folder / "libcurl.so",
                    self.folder / "empty.c",
                    self.folder / "libtls.so",
                )
                shutil.rmtree(self.folder / "build", ignore_errors=True)
                self.configure("-DCURL_NO_CURL_CMAKE=ON", f"-DCURL_LIBRARY={self.folder / 'libcurl.so'}")
                document = json.loads((self.folder / "build/mobivate.spdx.json").read_text())
                names = {package["name"] for package in document["packages"]} - {
                    "libmobivate",
                    "libcurl",
                    "RapidJSON",
                    "libstdc++",
                }
                self.assertEqual(names, {name} if name else set())
                of_curl = [relation for relation in document["relationships"] if relation["spdxElementId"] == "SPDXRef-libcurl"]
                self.assertEqual(len(of_curl), 1 if name else 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
