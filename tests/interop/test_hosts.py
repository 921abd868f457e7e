# SPDX-License-Identifier: MIT
"""The servers that programs in other languages run in, from Debian's packages: gunicorn, Puma, php-fpm, nginx with Lua, Celery.

python3 tests/standin -- python3 -m tests.interop.test_hosts [HOST]...

Each makes its client before it forks its workers, where that is natural, and creates keys on all of them at the same time. Prints a
line of figures for each.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request

from tests.interop.parts import PASSWORD, PATH, STANDIN, Account, Part, await_true, free_port
from tests.support.standin import ROOT

HERE = ROOT / "tests/interop/hosts"
PYTHON = ("/usr/bin/python3", "-m")  # which has Debian's packages
WORKERS = 3
USERS = 8  # at the same time, each with an account of its own
ROUNDS = 6


def children(process):
    return [int(child) for path in pathlib.Path(f"/proc/{process}/task").glob("*/children") for child in path.read_text().split()]


def descriptors(processes):
    return {process: len(os.listdir(f"/proc/{process}/fd")) for process in processes}


class Host(Part):
    graceful = signal.SIGTERM

    def __init__(self):
        super().__init__()
        self.first = Account()

    def environment(self):
        return {
            "HOSTS_URL": STANDIN["https"],
            "HOSTS_CA_FILE": STANDIN["ca_file"],
            "HOSTS_FIRST": self.first.username,
            "HOSTS_PASSWORD": PASSWORD,
            "HOSTS_FOLDER": str(self.folder),
            "HOSTS_PHP": str(ROOT / "bindings/php/src"),
            "PYTHONPATH": f"{ROOT / 'bindings/python/src'}:{HERE}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def start(self):
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                [str(part) for part in self.command()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "PATH": PATH, **self.environment()},
            )
        await_true(self._answers, self.program)
        await_true(lambda: len(self.workers()) == WORKERS, f"{self.program}'s workers")
        return self

    def workers(self):
        return children(self.process.pid)

    def call(self, username):
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"http://127.0.0.1:{self.port}/?username={username}", timeout=60
        ) as answer:
            return json.load(answer)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            for worker in self.workers():
                os.kill(worker, signal.SIGKILL)
        self.process.wait()


class Gunicorn(Host):
    program = "gunicorn"
    version = (*PYTHON, "gunicorn", "--version")

    def command(self):
        options = ("--preload", "--workers", WORKERS, "--bind", f"127.0.0.1:{self.port}", "--worker-tmp-dir", self.folder)
        return [*PYTHON, "gunicorn", *options, "by_gunicorn:application"]


class Puma(Host):
    program = "puma"
    version = ("puma", "--version")

    def command(self):
        (self.folder / "puma.rb").write_text(
            f"preload_app!\nworkers {WORKERS}\nthreads 2, 2\nbind 'tcp://127.0.0.1:{self.port}'\n"
        )
        return ["ruby", "-I", ROOT / "bindings/ruby/lib", "/usr/bin/puma", "-C", self.folder / "puma.rb", HERE / "by_puma.ru"]


class Nginx(Host):
    program = "nginx"
    version = ("nginx", "-v")
    graceful = signal.SIGQUIT
    modules = ("ndk_http_module.so", "ngx_http_lua_module.so")
    # Their own LuaJIT takes the place of the one that the binding's tests use, so they are not installed, but unpacked.
    unpacked = ("libluajit2-5.1-2", "libnginx-mod-http-ndk", "libnginx-mod-http-lua", "lua-resty-core", "lua-resty-lrucache")
    http = """
lua_package_path "{root}/bindings/lua/?.lua;{here}/?.lua;{folder}/usr/share/lua/5.1/?.lua;;";
init_by_lua_block {{ host = require("by_nginx") }}
"""
    location = "content_by_lua_block {{ host.answer() }}"

    def environment(self):
        return {**super().environment(), "LD_LIBRARY_PATH": str(next((self.folder / "usr/lib").glob("*-linux-gnu"), ""))}

    def unpack(self):
        if not self.unpacked:
            return
        packages = self.folder / "packages"
        packages.mkdir()
        subprocess.run(
            ["apt-get", "-q", "-q", "-o", "APT::Sandbox::User=root", "download", *self.unpacked], cwd=packages, check=True
        )
        for package in packages.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, self.folder], check=True)

    def command(self):
        self.unpack()
        environment = "".join(f"env {name};\n" for name in (*self.environment(), "MOBIVATE_LIBRARY"))
        modules = "".join(f"load_module {self.folder}/usr/lib/nginx/modules/{module};\n" for module in self.modules)
        temporary = "".join(
            f"{kind}_temp_path {self.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (self.folder / "nginx.conf").write_text(
            f"""{modules}{environment}
daemon off;
{'user root;' if os.geteuid() == 0 else ''}
worker_processes {WORKERS};
pid {self.folder}/pid;
error_log {self.folder}/error.log;
events {{}}
http {{
  access_log off;
  {temporary}{self.http.format(root=ROOT, here=HERE, folder=self.folder)}
  server {{ listen 127.0.0.1:{self.port} reuseport; location / {{ {self.location.format(here=HERE, folder=self.folder)} }} }}
}}
"""
        )
        return ["nginx", "-e", self.folder / "error.log", "-p", self.folder, "-c", self.folder / "nginx.conf"]


class PhpFpm(Host):
    program = "php-fpm"
    graceful = signal.SIGQUIT

    def __init__(self):
        super().__init__()
        self.version = (self.executable(), "-v")
        self.front = Front(self.folder)

    @staticmethod
    def executable():
        found = [str(program) for program in pathlib.Path("/usr/sbin").glob("php-fpm[0-9]*")]
        return sorted(found)[-1]

    def command(self):
        configuration = self.folder / "fpm.conf"
        configuration.write_text(
            f"[global]\nerror_log = {self.folder}/output\nprocess_control_timeout = 20\n[hosts]\nlisten = {self.folder}/socket\n"
            f"listen.mode = 0666\nclear_env = no\npm = static\npm.max_children = {WORKERS}\ncatch_workers_output = yes\n"
            + ("user = root\n" if os.geteuid() == 0 else "")
        )
        as_root = ["--allow-to-run-as-root"] if os.geteuid() == 0 else []
        return [self.executable(), "--nodaemonize", *as_root, "-d", "ffi.enable=true", "--fpm-config", configuration]

    def _answers(self):
        return (self.folder / "socket").exists()

    def start(self):
        super().start()
        self.front.start()
        self.port = self.front.port
        return self

    def stop(self):
        super().stop()
        self.front.stop()


class Front(Nginx):
    """What speaks FastCGI with php-fpm."""

    modules = unpacked = ()
    http = ""
    location = (
        "include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME {here}/by_php.php; fastcgi_pass unix:{folder}/socket;"
    )

    def __init__(self, folder):
        self.folder, self.port, self.first = folder, free_port(), Account()


class Celery(Host):
    program = "celery"
    version = (*PYTHON, "celery", "--version")

    def command(self):
        for name in ("queue", "results", "control"):
            (self.folder / name).mkdir()
        without = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        options = ("--pool", "prefork", "--concurrency", WORKERS, "--loglevel", "info", *without)
        return [*PYTHON, "celery", "--app", "by_celery", "worker", *options]

    def environment(self):
        return {**super().environment(), "C_FORCE_ROOT": "1"}

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "output").read_text())
        return " ready." in (self.folder / "output").read_text()

    def call(self, username):
        said = subprocess.run(
            [PYTHON[0], HERE / "by_celery.py", username],
            env={**os.environ, **self.environment()},
            capture_output=True,
            text=True,
        )
        if said.returncode != 0:
            raise AssertionError(said.stdout + said.stderr)
        return json.loads(said.stdout)


HOSTS = {"gunicorn": Gunicorn, "puma": Puma, "php-fpm": PhpFpm, "nginx": Nginx, "celery": Celery}


class Trial:
    """What a host has done, and what of it was wrong."""

    def __init__(self, host):
        self.host = host
        self.calls = 0
        self.failures = []
        self.processes = set()

    def call(self, account):
        """One request, whose key is held against the truth; nobody else uses its account."""
        before = account.truth()
        answer = self.host.call(account.username)
        truth = account.truth()
        self.calls += 1
        self.processes.add(answer.get("process"))
        if (
            answer.get("key") != truth["valid_key"]
            or truth["valid_key"] == before["valid_key"]
            or truth["requests"] != before["requests"] + 1
        ):
            self.failures.append(f"{answer}, and the truth is {truth}")

    def round(self, accounts):
        def many(account):
            for _ in range(ROUNDS):
                self.call(account)

        with concurrent.futures.ThreadPoolExecutor(len(accounts)) as users:
            for done in [users.submit(many, account) for account in accounts]:
                done.result()

    def expect(self, condition, what):
        if not condition:
            self.failures.append(what)

    def round_until(self, accounts, processes):
        """Until all of these have answered."""
        self.processes.clear()
        for _ in range(20):
            self.round(accounts)
            if processes <= self.processes:
                return
        self.failures.append(f"{processes} should have answered, and {self.processes} have")

    def run(self):
        """Its line of figures."""
        host, accounts = self.host, [Account() for _ in range(USERS)]
        workers = host.workers()
        self.round_until(accounts, set(workers))
        before = descriptors(workers)
        self.round(accounts)
        after = descriptors(workers)
        # A worker has some 16 calls in a round: one that leaked would show them all.
        self.expect(
            all(after[worker] < before[worker] + 8 for worker in workers), f"descriptors have grown from {before} to {after}"
        )
        # One is killed, and the host starts another.
        os.kill(workers[0], signal.SIGKILL)
        await_true(lambda: len(set(host.workers()) - set(workers)) == 1 and len(host.workers()) == WORKERS, "a new worker")
        new = (set(host.workers()) - set(workers)).pop()
        self.round_until(accounts, {new})
        # A graceful stop lets a call that is in progress end.
        slow = Account(delay_ms={"before_answer": 500})
        with concurrent.futures.ThreadPoolExecutor(1) as user:
            last = user.submit(self.call, slow)
            slow.truth(requests=1)
            begin = time.monotonic()
            host.process.send_signal(host.graceful)
            try:
                host.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.failures.append("the graceful stop hangs")
            stopped = time.monotonic() - begin
            last.result()
        said = subprocess.run(host.version, capture_output=True, text=True, env={**os.environ, "PATH": PATH})
        version = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)[0]
        counts = f"{max(before.values())} / {max(after.values())}"
        return FORMAT.format(host.program, version, WORKERS, self.calls, len(self.failures), counts, f"{stopped:.1f} s")


FORMAT = "{:<10} {:<10} {:>7} {:>6} {:>8} {:>19} {:>13}"


def main():
    subprocess.run([ROOT / "tests/prepare", *(HERE / "packages.txt").read_text().split()], check=True)
    lines, failed = [], False
    for name in sys.argv[1:] or HOSTS:
        with HOSTS[name]() as host:
            trial = Trial(host)
            try:
                lines.append(trial.run())
            except Exception:
                print((host.folder / "output").read_text(), *trial.failures, sep="\n")
                raise
            if trial.failures:
                failed = True
                print(name, *trial.failures, (host.folder / "output").read_text()[-3000:], sep="\n")
    print(
        FORMAT.format("host", "version", "workers", "calls", "failures", "descriptors, most", "graceful stop"), *lines, sep="\n"
    )
    sys.exit(failed)


if __name__ == "__main__":
    main()
