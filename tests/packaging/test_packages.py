# SPDX-License-Identifier: MIT
"""The packages that bring the library along, each installed as its user would, where no other libmobivate is:
python3 tests/standin -- python3 -m tests.packaging.test_packages BUILD_DIR [Packages | Published]"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

from tests.bindings.agent import Agent, AgentFailure
from tests.packaging.support import ROOT, run, version

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
SKIPPED = 77
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NO_NETWORK = re.compile(r"\bE(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH|HOSTUNREACH|NOTCACHED)\b")
ARM64 = 183  # in an ELF header


class Installed(unittest.TestCase):
    """What all tests here use."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mobivate-packages-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.prefix = cls.folder / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix, "--strip")
        cls.library = next(cls.prefix.glob("lib*/**/libmobivate.so.1"))
        needed = re.findall(r"\(NEEDED\).*\[(.*?)\]", run("readelf", "-d", cls.library))
        cls.self_contained = not any(name.startswith("libcurl") for name in needed)
        cls.others = [
            cls.imitated("musl", "extern int getpid(void); int f(void) { return getpid(); }", libc="libc.musl-x86_64.so.1"),
            cls.imitated("arm64", "#include <sys/random.h>\nlong f(void) { return getrandom(0, 0, 0); }", machine=ARM64),
        ]

    @classmethod
    def imitated(cls, name, source, *flags, libc=None, machine=None):
        """An installed library of another system, as far as its headers tell: one that needs its C library alone."""
        library = cls.folder / name / "lib/libmobivate.so.1"
        library.parent.mkdir(parents=True)
        code = cls.folder / name / "code.c"
        code.write_text(source)
        if libc:
            run("cc", "-shared", "-nostdlib", f"-Wl,-soname,{libc}", "-o", cls.folder / name / "libc.so", "-x", "c", os.devnull)
            flags = ["-nostdlib", "-Wl,--no-as-needed", cls.folder / name / "libc.so"]
        run("cc", "-shared", "-fPIC", "-Wl,-soname,libmobivate.so.1", "-o", library, code, *flags)
        if machine:
            data = bytearray(library.read_bytes())
            data[18:20] = machine.to_bytes(2, "little")
            library.write_bytes(data)
        bill = cls.folder / name / "share/doc/mobivate/mobivate.spdx.json"
        bill.parent.mkdir(parents=True)
        bill.write_text("{}")
        return cls.folder / name

    def make(self, name, language, *prefixes):
        """The packages of a language, by their names."""
        output = self.folder / name
        finished = subprocess.run(
            [ROOT / "bindings/package", "--output", output, "--language", language, *prefixes],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if finished.returncode == SKIPPED:
            self.skipTest(re.search("SKIPPED: (.*)", finished.stdout)[1])
        self.assertEqual(finished.returncode, 0, finished.stdout)
        return {package.name: package for package in (output / language).iterdir()}

    def assert_same(self, first, second):
        """The packages that both have are the same to the byte."""
        both = first.keys() & second.keys()
        self.assertTrue(both)
        self.assertEqual([name for name in both if first[name].read_bytes() != second[name].read_bytes()], [])

    def home(self, name):
        """An empty home, and what runs a command there with nothing of this user's environment."""
        home = self.folder / f"{name}-home"
        home.mkdir()
        return home, ["env", "-i", f"PATH={PATH}", f"HOME={home}", "LC_ALL=C.UTF-8"]

    def use(self, language, command, inside, unpacks=False):
        """The cases pass with the library that lies in the folder; and without it, an error names all places that were tried."""
        options = {"base_url": "http://127.0.0.1:1", "proxy": ""}
        with Agent(command) as agent:
            agent.new(0, options)
            maps = pathlib.Path(f"/proc/{agent.process.pid}/maps").read_text()
            agent.close(0)
        (loaded,) = set(re.findall(r" (/.*/(?:libmobivate\.so.*|jna[0-9]+\.tmp))$", maps, re.MULTILINE))
        self.assertTrue(loaded.startswith(f"{inside}/"), loaded)
        run(sys.executable, "-m", "tests.bindings.conformance", language, "--", *command, cwd=ROOT)
        if unpacks:  # It would be there again.
            return
        pathlib.Path(loaded).unlink()
        try:
            with Agent(command) as agent:
                agent.new(0, options)
        except AgentFailure as failure:
            # Ruby says so as soon as the package is loaded.
            at_once = subprocess.run(command, input="quit\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stderr
            places = ("MOBIVATE_LIBRARY", str(inside), "loader's")
            self.assertEqual([place for place in places if place not in f"{failure}\n{at_once}"], [], f"{failure}\n{at_once}")
        else:
            self.assertIn("libmobivate.so.1 ", run("/sbin/ldconfig", "-p"))  # Here one is installed for all.


class Packages(Installed):
    def test_python(self):
        packages = self.make("python", "python", self.prefix)
        self.assert_same(packages, self.make("python again", "python", *self.others, self.prefix))
        (wheel,) = (package for name, package in packages.items() if name.endswith(".whl"))
        names = set(zipfile.ZipFile(wheel).namelist())
        information = f"mobivate-{version()}.dist-info"
        self.assertLessEqual(
            {"mobivate/py.typed", f"{information}/licenses/libmobivate.txt", f"{information}/sboms/mobivate.spdx.json"}, names
        )
        home, environment = self.home("python")
        run(*environment, "/usr/bin/python3", "-m", "venv", home / "env")
        run(*environment, home / "env/bin/pip", "install", "--no-index", wheel)
        shutil.copy(ROOT / "bindings/python/tests/agent.py", home)
        self.use("python", [*environment, home / "env/bin/python", "-W", "error", home / "agent.py"], home / "env")

    def test_wheels_say_which_systems_they_are_for(self):
        packages = self.make("tags", "python", *self.others, self.prefix)
        tag = "linux_x86_64"
        if self.self_contained:
            versions = re.findall(r"GLIBC_(\d+)\.(\d+)", run("objdump", "-T", self.library))
            tag = "manylinux_{}_{}_x86_64".format(*max((2, 17), *(tuple(map(int, each)) for each in versions)))
        # getrandom is in glibc since 2.25.
        tags = (tag, "musllinux_1_2_x86_64", "manylinux_2_25_aarch64")
        wheels = {f"mobivate-{version()}-py3-none-{each}.whl" for each in tags}
        self.assertEqual(packages.keys(), {*wheels, f"mobivate-{version()}.tar.gz"})

    def test_compact_relocations_need_a_newer_glibc(self):
        packed = self.imitated(
            "relr",
            "#include <unistd.h>\nint f(void) { return getpid(); } int (*p)(void) = f;",
            "-Wl,-z,pack-relative-relocs,-Bsymbolic",
        )
        self.assertIn(f"mobivate-{version()}-py3-none-manylinux_2_36_x86_64.whl", self.make("packed", "python", packed))

    def test_twine_finds_nothing(self):
        if not shutil.which("twine"):
            self.skipTest("twine not found (Debian: twine)")
        packages = self.make("twine", "python", BUILD)
        self.assertEqual(run("twine", "--no-color", "check", "--strict", *packages.values()).count("PASSED"), 2)

    def test_node(self):
        packages = self.make("node", "node", self.prefix)
        others = self.make("node again", "node", *self.others, self.prefix)
        main, platform = f"mobivate-{version()}.tgz", f"mobivate-linux-x64-gnu-{version()}.tgz"
        self.assertEqual(packages.keys(), {main, platform})
        self.assert_same({platform: packages[platform]}, others)
        self.assert_same(others, self.make("node once more", "node", *self.others, self.prefix))
        manifests = {}
        for package in others.values():
            with tarfile.open(package) as files:
                manifest = json.load(files.extractfile("package/package.json"))
            manifests[manifest["name"]] = manifest
        wanted = {"@mobivate/linux-x64-gnu", "@mobivate/linux-x64-musl", "@mobivate/linux-arm64-gnu"}
        self.assertEqual(manifests.keys(), {"mobivate", *wanted})
        self.assertEqual(manifests["mobivate"]["optionalDependencies"], {name: version() for name in wanted})
        for name in wanted:
            system = [*manifests[name]["os"], *manifests[name]["cpu"], *manifests[name]["libc"]]
            self.assertEqual("-".join(system).replace("glibc", "gnu"), name.removeprefix("@mobivate/"))

        home, environment = self.home("node")
        node = run("node", "-p", "process.execPath").strip()
        npm = [*environment, f"npm_config_userconfig={run('npm', 'config', 'get', 'userconfig').strip()}"]
        # How this machine reaches npm's registry, and trusts it.
        if "NODE_EXTRA_CA_CERTS" in os.environ:
            npm.append(f"NODE_EXTRA_CA_CERTS={os.environ['NODE_EXTRA_CA_CERTS']}")
        npm += [
            f"npm_config_cache={BUILD / 'packages-npm-cache'}",
            "npm_config_prefer_offline=true",
            "npm_config_update_notifier=false",
        ]
        installed = subprocess.run(
            [*npm, "npm", "install", "--ignore-scripts", packages[main], packages[platform]],
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if installed.returncode != 0 and NO_NETWORK.search(installed.stdout):
            self.skipTest(f"npm cannot reach its registry ({NO_NETWORK.search(installed.stdout)[0]}), which has koffi")
        self.assertEqual(installed.returncode, 0, installed.stdout)
        shutil.copy(ROOT / "bindings/node/tests/agent.js", home)
        self.use("node", [*environment, node, home / "agent.js"], home / "node_modules")

    def test_java(self):
        packages = self.make("java", "java", *self.others, self.prefix)
        self.assert_same(packages, self.make("java again", "java", *self.others, self.prefix))
        name = f"mobivate-{version()}"
        self.assertEqual(packages.keys(), {f"{name}.jar", f"{name}-sources.jar", f"{name}-javadoc.jar", f"{name}.pom"})
        names = set(zipfile.ZipFile(packages[f"{name}.jar"]).namelist())
        natives = {f"linux-{machine}/libmobivate.so.1" for machine in ("x86-64", "aarch64")}
        self.assertLessEqual({*natives, "META-INF/licenses/libmobivate.txt", "META-INF/mobivate-linux-x86-64.spdx.json"}, names)
        sources = set(zipfile.ZipFile(packages[f"{name}-sources.jar"]).namelist())
        self.assertLess({"com/mobivate/Client.java", "LICENSE"}, sources)
        self.assertIn("com/mobivate/Client.html", zipfile.ZipFile(packages[f"{name}-javadoc.jar"]).namelist())
        home, environment = self.home("java")
        class_path = f"{packages[f'{name}.jar']}:/usr/share/java/jna.jar:{home}"
        run("javac", "-cp", class_path, "-d", home, ROOT / "bindings/java/tests/Agent.java")
        # JNA unpacks it into the user's own folder, and removes it in the end.
        command = [*environment, "java", f"-Djava.io.tmpdir={home}", f"-Duser.home={home}", "-cp", class_path, "Agent"]
        self.use("java", command, home, unpacks=True)
        self.assertEqual(list(home.rglob("jna*.tmp")), [])

    def test_ruby(self):
        packages = self.make("ruby", "ruby", *self.others, self.prefix)
        self.assert_same(packages, self.make("ruby again", "ruby", *self.others, self.prefix))
        platforms = ("", "-x86_64-linux", "-x86_64-linux-musl", "-aarch64-linux")
        self.assertEqual(packages.keys(), {f"mobivate-{version()}{platform}.gem" for platform in platforms})
        home, environment = self.home("ruby")
        environment.append(f"GEM_HOME={home / 'gems'}")
        run(*environment, "gem", "install", "--local", "--no-document", packages[f"mobivate-{version()}-x86_64-linux.gem"])
        (installed,) = (home / "gems/gems").iterdir()
        self.assertTrue((installed / "licenses/libmobivate.txt").exists())
        self.assertTrue((installed / "mobivate.spdx.json").exists())
        shutil.copy(ROOT / "bindings/ruby/tests/agent.rb", home)
        self.use("ruby", [*environment, "ruby", "-w", home / "agent.rb"], installed)

    def test_dotnet(self):
        packages = self.make("dotnet", "csharp", *self.others, self.prefix)
        self.assert_same(packages, self.make("dotnet again", "csharp", *self.others, self.prefix))
        name = f"Mobivate.{version()}"
        self.assertEqual(packages.keys(), {f"{name}.nupkg", f"{name}.snupkg"})
        wanted = {f"lib/{target}/Mobivate.{kind}" for target in ("net8.0", "netstandard2.0") for kind in ("dll", "xml")}
        wanted |= {f"runtimes/{name}/native/libmobivate.so.1" for name in ("linux-x64", "linux-musl-x64", "linux-arm64")}
        wanted |= {"README.md", "licenses/libmobivate.txt", "licenses/mobivate-linux-x64.spdx.json"}
        self.assertLessEqual(wanted, set(zipfile.ZipFile(packages[f"{name}.nupkg"]).namelist()))
        symbols = set(zipfile.ZipFile(packages[f"{name}.snupkg"]).namelist())
        self.assertLessEqual({"lib/net8.0/Mobivate.pdb", "lib/netstandard2.0/Mobivate.pdb"}, symbols)

        # The folder is the only source: nothing else is needed.
        program = DotnetProgram(*self.home("dotnet"), packages[f"{name}.nupkg"].parent, others=False)
        program.run("build", *program.AGENT, "--output", "out")
        self.use("csharp", [*program.environment, program.folder / "out/Program"], program.folder / "out")


class Published(Installed):
    """.NET's other ways to a program; they take minutes, and packages that NuGet has."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.packages = cls.folder / "packages"
        run(ROOT / "bindings/package", "--output", cls.packages, "--language", "csharp", *cls.others, cls.prefix)
        cls.program = DotnetProgram.beside_nuget(cls.folder, cls.packages / "csharp")

    def publish(self, name, *options):
        home, environment = self.home(name)
        options = ["--runtime", "linux-x64", *options, "--output", home / "out"]
        self.program.run("publish", *self.program.AGENT, "-p:InvariantGlobalization=true", *options)
        return home, [*environment, home / "out/Program"]

    def test_one_file(self):
        home, command = self.publish(
            "one file", "--self-contained", "-p:PublishSingleFile=true", "-p:IncludeNativeLibrariesForSelfExtract=true"
        )
        self.assertEqual({file.suffix for file in (home / "out").iterdir()}, {"", ".pdb"})
        self.use("csharp", command, home / ".net", unpacks=True)

    def test_one_file_and_the_library(self):
        home, command = self.publish("two files", "--no-self-contained", "-p:PublishSingleFile=true")
        self.use("csharp", command, home / "out")

    def test_compiled_ahead_of_time(self):
        home, command = self.publish("ahead", "-p:PublishAot=true", "-p:TrimmerSingleWarn=false")
        self.use("csharp", command, home / "out")

    def test_net_standard(self):
        """The part for older runtimes, which know nothing of runtimes/: on this one, where nothing tells it of them either."""
        home, environment = self.home("standard")
        zipfile.ZipFile(next((self.packages / "csharp").glob("*.nupkg"))).extractall(home / "package")
        project = (self.program.folder / "Program.csproj").read_text()
        reference = f'<Reference Include="Mobivate" HintPath="{home}/package/lib/netstandard2.0/Mobivate.dll" />'
        project, changed = re.subn("<PackageReference [^>]*/>", reference, project)
        self.assertEqual(changed, 1)
        (home / "Program.csproj").write_text(project)
        shutil.copy(ROOT / "bindings/csharp/tests/Agent.cs", home)
        shutil.copy(self.program.folder / "nuget.config", home)
        self.program.run("build", *self.program.AGENT, "--output", "out", "-p:DefaultItemExcludes=package/**", cwd=home)
        shutil.copytree(home / "package/runtimes", home / "out/runtimes")
        self.use("csharp", [*environment, home / "out/Program"], home / "out/runtimes/linux-x64/native")


class DotnetProgram:
    """A project that has the package added to it, with the agent as its program."""

    AGENT = [
        "--nologo",
        "--disable-build-servers",
        "-p:ImplicitUsings=disable",
        "-p:Nullable=disable",
        "-p:TreatWarningsAsErrors=true",
    ]

    def __init__(self, home, environment, feed, others):
        self.environment = [*environment]
        self.environment += [f"{name}=1" for name in ("DOTNET_NOLOGO", "DOTNET_CLI_TELEMETRY_OPTOUT", "MSBUILDDISABLENODEREUSE")]
        self.environment += ["UseSharedCompilation=false", "DOTNET_CLI_USE_MSBUILD_SERVER=0"]
        self.folder = home / "Program"
        self.folder.mkdir()
        sources = f'{"" if others else "<clear />"}<add key="folder" value="{feed}" />'
        (self.folder / "nuget.config").write_text(f"<configuration><packageSources>{sources}</packageSources></configuration>")
        self.run("new", "console", "--output", ".", "--no-restore")
        (self.folder / "Program.cs").unlink()
        shutil.copy(ROOT / "bindings/csharp/tests/Agent.cs", self.folder)
        self.run("add", "package", "Mobivate")

    @classmethod
    def beside_nuget(cls, home, feed):
        """One that may have other packages from NuGet, which are kept for the next time."""
        shutil.rmtree(BUILD / "packages-nuget/mobivate", ignore_errors=True)
        return cls(home, ["env", f"NUGET_PACKAGES={BUILD / 'packages-nuget'}"], feed, others=True)

    def run(self, *command, cwd=None):
        run(*self.environment, "dotnet", *command, cwd=cwd or self.folder)


if __name__ == "__main__":
    unittest.main(verbosity=1)
