# SPDX-License-Identifier: MIT
"""The self-contained build: what it needs, shows and trusts: python3 tests/standin -- python3 -m tests.packaging.test_bundled BUILD_DIR"""

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
from tests.packaging.support import LARGEST, LIBC, ROOT, bundled_sources, needed, readme_block, run, shown

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
STANDIN = json.loads(os.environ["MOBIVATE_STANDIN"])
# Of OpenSSL, libcurl, zlib and the C++ runtime: a program's own functions may have these names.
TAKEN_NAMES = (
    "SSL_CTX_new SSL_connect SSL_read SSL_write SSL_free OPENSSL_init_crypto OPENSSL_init_ssl X509_verify_cert X509_STORE_new "
    "EVP_DigestInit_ex ERR_clear_error CRYPTO_malloc CRYPTO_free BIO_new d2i_X509 RAND_bytes OPENSSL_cleanse curl_easy_init curl_easy_setopt "
    "curl_multi_perform curl_global_init Curl_open __cxa_throw __cxa_allocate_exception __gxx_personality_v0 _Znwm _ZdlPv"
).split()


class Files(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="mobivate-bundled-")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def test_library_and_tool_need_libc_alone(self):
        for name in ("libmobivate.so.1", "mbv"):
            self.assertLessEqual(needed(BUILD / name), LIBC, name)

    def test_the_library_is_not_larger_than_5_mib(self):
        stripped = self.folder / "stripped"
        run("strip", "--strip-unneeded", "-o", stripped, BUILD / "libmobivate.so.1")
        self.assertLessEqual(stripped.stat().st_size, LARGEST)

    def test_the_static_library_shows_the_headers_functions_alone(self):
        self.assertEqual(shown(BUILD / "libmobivate.a"), set(header.declarations()["functions"]))
        # What it takes from elsewhere is libc's: nothing of what is inside is left to be found.
        missing = run("nm", "--undefined-only", "--format=posix", BUILD / "libmobivate.a")
        self.assertNotRegex(missing, r"(?m)^(curl_|Curl_|SSL_|X509_|EVP_|OPENSSL_|ERR_|_ZN|_ZSt|__cxa_(?!atexit|pure_virtual))")

    def test_a_c_program_with_functions_of_the_same_names_becomes_one_file(self):
        source = readme_block("c", "mbv_create_key").replace(
            "    mbv_client *client = mbv_new();\n",
            "    mbv_client *client = mbv_new();\n"
            '    mbv_set(client, "base_url", getenv("BASE_URL"));\n    mbv_set(client, "ca_file", getenv("CA_FILE"));\n',
        )
        self.assertIn("BASE_URL", source)
        own = "".join(
            f'void {name}(void) {{ fputs("the program\'s own {name} was called\\n", stderr); abort(); }}\n'
            for name in TAKEN_NAMES
        )
        (self.folder / "first.c").write_text("#include <stdlib.h>\n" + source.replace("int main", own + "int main"))
        program = self.folder / "first"
        # -rdynamic: also for whatever is loaded.
        flags = run(
            "sh",
            "-c",
            "pkg-config --cflags --libs --static mobivate",
            env={**os.environ, "PKG_CONFIG_PATH": str(BUILD / "pkgconfig")},
        )
        libraries = [part for part in flags.split() if part != "-lmobivate"]
        run("cc", "-rdynamic", "-o", program, self.folder / "first.c", BUILD / "libmobivate.a", *libraries)
        self.assertLessEqual(needed(program), LIBC)
        environment = {"BASE_URL": STANDIN["https"], "CA_FILE": STANDIN["ca_file"], "no_proxy": "*"}
        self.account("first.last@example.com", "your-pass")
        finished = subprocess.run([program], env=environment, capture_output=True, text=True)
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        self.assertRegex(finished.stdout, r"\A[!-~]+\n\Z")

    def account(self, username, password):
        body = json.dumps({"username": username, "password": password, "scenario": {}})
        run("curl", "-q", "-s", "-f", "--noproxy", "*", "-o", "/dev/null", "-d", body, STANDIN["http"] + "/standin/accounts")

    def test_what_is_inside_is_named(self):
        said = re.search(r"(?m)^libcurl (\S+)\nOpenSSL (\S+)$", run(BUILD / "mbv", "--version"))
        packages = {
            package["name"]: package["versionInfo"]
            for package in json.loads((BUILD / "mobivate.spdx.json").read_text())["packages"]
        }
        self.assertEqual((packages["libcurl"], packages["OpenSSL"]), said.groups())
        # And is it: by what the code itself says.
        code = (BUILD / "libmobivate.so.1").read_bytes()
        curl, openssl = (re.match("[0-9.]+", found)[0].encode() for found in said.groups())
        self.assertTrue(curl + b"\0" in code, curl)
        self.assertTrue(b"OpenSSL " + openssl + b" " in code, openssl)

    def test_the_license_texts_are_installed(self):
        run("cmake", "--install", BUILD, "--prefix", self.folder / "prefix")
        texts = {path.name: path.read_text() for path in self.folder.glob("prefix/share/doc/*/licenses/*")}
        self.assertEqual(set(texts), {"libmobivate.txt", "curl.txt", "openssl.txt", "rapidjson.txt"})
        self.assertIn("Permission to use, copy, modify, and distribute this software", texts["curl.txt"])
        self.assertIn("Apache License", texts["openssl.txt"])
        self.assertRegex(texts["rapidjson.txt"], r"(?s)Copyright \(C\) .*MIT License.*limitations under the License\.\s*$")

    def test_no_folder_of_the_builders_is_in_the_files(self):
        for name in ("libmobivate.so.1", "libmobivate.a", "mbv"):
            content = (BUILD / name).read_bytes()
            for folder in {str(ROOT), str(BUILD), os.path.realpath(BUILD / "../sources"), str(pathlib.Path.home())}:
                self.assertFalse(folder.encode() + b"/" in content, f"{folder} in {name}")


class Again(unittest.TestCase):
    """Minutes long."""

    def test_a_build_in_another_folder_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory(prefix="mobivate again, elsewhere-") as name:
            folder = pathlib.Path(name)
            options = []
            for part in ("CMakeLists.txt", "LICENSE", "include", "src", "pkgconfig", "bindings/cpp/include"):
                (folder / "project" / part).parent.mkdir(parents=True, exist_ok=True)
                (shutil.copytree if (ROOT / part).is_dir() else shutil.copy)(ROOT / part, folder / "project" / part)
            for source, path in bundled_sources(BUILD).items():
                shutil.copytree(path, folder / source, symlinks=True)
                options.append(f"-DMOBIVATE_{source}_SOURCE={folder / source}")
            # A cache of the compiler's would hand over the first build's own.
            environment = {**os.environ, "CCACHE_DISABLE": "1"}
            build = folder / "build"
            run("cmake", "-S", folder / "project", "-B", build, "-G", "Ninja", "-DMOBIVATE_BUNDLED=ON", *options, env=environment)
            run("cmake", "--build", build, env=environment)
            for file in ("libmobivate.so.1", "libmobivate.a", "mbv"):
                self.assertTrue((build / file).read_bytes() == (BUILD / file).read_bytes(), file)


class Trust(unittest.TestCase):
    """The systems' layouts, imitated: the places of this system's certificates are replaced, for one process."""

    PLACES = (
        "/etc/ssl",
        "/etc/pki",
        "/etc/openssl",
        "/var/lib/ca-certificates",
        "/usr/local/etc/ssl",
        "/usr/local/share/certs",
        "/usr/lib/ssl",
    )

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="mobivate-trust-")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        (self.folder / "password").write_text("correct-password")
        (self.folder / "password").chmod(0o600)
        Files.account(self, "trust@example.com", "correct-password")
        # What the tool reads is not to be hidden by the mounts.
        shutil.copy(STANDIN["ca_file"], self.folder / "ca.pem")
        shutil.copytree(STANDIN["ca_dir"], self.folder / "ca_dir")

    def call(self, script, *tool):
        """In a mount namespace in which the places are empty, but for what the script puts there."""
        empty = "".join(f"[ ! -d {place} ] || mount -t tmpfs none {place}\n" for place in self.PLACES)
        command = tool or (
            BUILD / "mbv",
            "create-key",
            "--username",
            "trust@example.com",
            "--password-file",
            self.folder / "password",
        )
        namespace = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"])
        return subprocess.run(
            [
                *namespace,
                "sh",
                "-euc",
                empty + script + '\nexec "$@"',
                "-",
                *command,
                *([] if tool else ["--base-url", STANDIN["https"]]),
            ],
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "CA": str(self.folder / "ca.pem"),
                "CA_DIR": str(self.folder / "ca_dir"),
            },
            capture_output=True,
            text=True,
        )

    def assert_trusted(self, script):
        finished = self.call(script)
        self.assertEqual(finished.returncode, 0, finished.stderr)

    def test_what_the_systems_trust_is_trusted(self):
        for system, script in {
            "Debian": "mkdir /etc/ssl/certs; cp $CA_DIR/* /etc/ssl/certs; : >/etc/ssl/certs/ca-certificates.crt",
            "Debian, a bundle alone": "mkdir /etc/ssl/certs; cp $CA /etc/ssl/certs/ca-certificates.crt",
            "Alpine": "mkdir /etc/ssl/certs; cp $CA /etc/ssl/cert.pem",
            "RHEL": "mkdir -p /etc/pki/tls/certs /etc/pki/ca-trust/extracted/pem; cp $CA /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem;"
            "ln -s ../../ca-trust/extracted/pem/tls-ca-bundle.pem /etc/pki/tls/certs/ca-bundle.crt; ln -s ../pki/tls/certs /etc/ssl/certs",
        }.items():
            with self.subTest(system):
                if "/etc/pki" in script and not os.path.isdir("/etc/pki"):
                    # The folder has to be there to be mounted over.
                    script = (
                        "mount -t tmpfs none /mnt; mkdir -p /mnt/up /mnt/work; "
                        + "mount -t overlay -o lowerdir=/etc,upperdir=/mnt/up,workdir=/mnt/work none /etc; rm -rf /etc/ssl; mkdir /etc/ssl; "
                        + script
                    )
                self.assert_trusted(script)

    def test_without_any_the_message_names_what_was_looked_for(self):
        finished = self.call("")
        self.assertEqual(finished.returncode, 3 if "refused" in finished.stderr else 4, finished.stderr)
        for word in (
            "there are no certificates to trust",
            "/etc/ssl/certs",
            "/etc/pki/",
            "/etc/ssl/cert.pem",
            "/etc/openssl/certs/ca-certificates.crt",
            "still works",
            "--ca-file",
        ):
            self.assertIn(word, finished.stderr)

    def test_the_systems_configuration_of_openssl_is_not_read(self):
        strict = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMaxProtocol = TLSv1.1\n"
        (self.folder / "openssl.cnf").write_text(strict)
        script = (
            f"mkdir /etc/ssl/certs; cp $CA_DIR/* /etc/ssl/certs; cp {self.folder}/openssl.cnf /etc/ssl; "
            f"[ ! -d /usr/lib/ssl ] || cp {self.folder}/openssl.cnf /usr/lib/ssl"
        )
        self.assert_trusted(script)
        # It would have been to no good.
        self.assertEqual(self.call(script + f"; export OPENSSL_CONF={self.folder}/openssl.cnf").returncode, 4)


if __name__ == "__main__":
    unittest.main(verbosity=1)
