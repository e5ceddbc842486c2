"""The gate and the sandbox provider, as real processes, set up through the command line.

As a program it runs a command with a stack beside it: `stack.py COMMAND...`. The command finds the stack's
description, as JSON, in the environment variable STACK.
"""

import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60

# Small enough to test the limit without sending much.
MAX_BODY_BYTES = 1 << 20

CONFIG = """\
data_dir = "{data}"
config_poll_ms = 25
[limits]
max_body_bytes = {max_body_bytes}
[shutdown]
drain_timeout_ms = 10000
"""

# Name, then dollars per million tokens: input and output.
MODELS = [
    ("claude-sonnet-5-5", "2", "10"),
    ("claude-haiku-4-5", "1", "5"),
    ("claude-*", "5", "25"),
    ("gpt-5.5", "1.25", "10"),
    ("gpt-4o", "2.5", "10"),
    ("gpt-*", "2.5", "15"),
    ("deepseek-*", "0.28", "0.42"),
    ("ZHIPU/GLM-4.6", "0.6", "2.2"),
    ("xiaomi/mimo-v2", "0.1", "0.3"),
]
# What the accounts serve; any other name is a model that does not exist.
SERVED = ["claude-*", "gpt-*", "deepseek-*", "ZHIPU/GLM-*", "xiaomi/mimo-*"]

# The models that stand in for those of a caller's platform where the accounts are of the other one.
MAPPINGS = {
    "anthropic": ["claude-sonnet-5-5=gpt-5.5", "claude-haiku-4-5=gpt-4o"],
    "openai": ["gpt-5.5=claude-sonnet-5-5", "gpt-4o=claude-haiku-4-5"],
}
# What each caller's protocol is translated to, and the platform of the group where that happens: half of the groups are
# of the other platform than their callers.
FOREIGN = {
    "messages": {"chat": "anthropic", "responses": "openai"},
    "chat": {"responses": "openai", "messages": "anthropic"},
    "responses": {"chat": "openai", "messages": "openai"},
}

# Never through a proxy.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def platform_of(protocol: str) -> str:
    return "anthropic" if protocol == "messages" else "openai"


@dataclasses.dataclass(frozen=True)
class Lane:
    """What a caller speaks, and what the account behind the gate speaks."""

    caller: str
    spoken: str

    def __str__(self) -> str:
        return f"{self.caller}-on-{self.spoken}"

    @property
    def native(self) -> bool:
        return self.caller == self.spoken

    @property
    def platform(self) -> str:
        """That of its group."""
        return platform_of(self.caller) if self.native else FOREIGN[self.caller][self.spoken]


NATIVE_LANES = [Lane(caller, caller) for caller in FOREIGN]
FOREIGN_LANES = [Lane(caller, spoken) for caller, others in FOREIGN.items() for spoken in others]


def binary() -> Path:
    """The program under test, built before the tests run."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return ROOT / target / "debug" / "tollgate"


def environment(**extra: str) -> dict[str, str]:
    """Ours, without settings of a gate and without a proxy before this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOLLGATE_")}
    return kept | {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"} | extra


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(ready, what: str, timeout_s: float = TIMEOUT_S):
    """Calls `ready` until it returns something true."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout_s} s")
        time.sleep(0.02)


class Server:
    """A `tollgate` process that listens on `address`."""

    def __init__(self, folder: Path, name: str, *args: str):
        self.address = f"127.0.0.1:{free_port()}"
        self.base_url = f"http://{self.address}"
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            command = [binary(), *args, "--listen", self.address]
            self.process = subprocess.Popen(command, env=environment(), stdout=log, stderr=log)
        try:
            wait_until(self._listens, f"tollgate {name}")
        except BaseException:
            self.stop()
            raise

    def _listens(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"tollgate ended with {self.process.returncode}:\n{self.log.read_text()}")
        with socket.socket() as probe:
            host, port = self.address.split(":")
            return probe.connect_ex((host, int(port))) == 0

    def signal(self) -> None:
        """Asks the process to end, and does not wait for it."""
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Ends the process; its exit code."""
        if self.process.poll() is None:
            self.signal()
        try:
            return self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Stack:
    """A sandbox, and a gate in front of it with users, groups, accounts, models and keys of every kind."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tollgate-clients-"))
        self.config = self.folder / "tollgate.toml"
        self.config.write_text(CONFIG.format(data=self.folder / "data", max_body_bytes=MAX_BODY_BYTES))
        self.servers: list[Server] = []
        self.keys: dict[str, str] = {}
        try:
            self.sandbox = self.start("sandbox", "sandbox")
            self._set_up()
            self.gate = self.start("gate", "serve", "--config", str(self.config))
        except BaseException:
            self.close()
            raise

    def start(self, name: str, *args: str) -> Server:
        """A further server, which ends with the stack."""
        server = Server(self.folder, name, *args)
        self.servers.append(server)
        return server

    def cli(self, *args: str, stdin: str | None = None) -> str:
        """Runs `tollgate` on the stack's configuration; its output."""
        command = [binary(), "--config", str(self.config), *args]
        done = subprocess.run(
            command, input=stdin, env=environment(), capture_output=True, text=True, timeout=TIMEOUT_S
        )
        if done.returncode != 0:
            raise RuntimeError(f"tollgate {' '.join(args)}: {done.stderr}")
        return done.stdout

    def json(self, *args: str, stdin: str | None = None):
        """The same, read as JSON."""
        return json.loads(self.cli(*args, "--json", stdin=stdin))

    def user(self, name: str, balance: str = "100", *args: str) -> None:
        self.cli("user", "create", name, "--balance", balance, *args)

    def group(self, name: str, platform: str, *args: str) -> None:
        """A group with an account of the same name, which speaks all of its platform."""
        self.cli("group", "create", name, "--platform", platform, *args)
        self.account(name, platform, name)

    def lane_group(self, name: str, lane: Lane) -> None:
        """The same for a lane. The account of a foreign one speaks nothing else."""
        platform = platform_of(lane.spoken)
        pairs = MAPPINGS[platform_of(lane.caller)] if platform_of(lane.caller) != platform else []
        maps = [word for pair in pairs for word in ("--map", pair)]
        self.cli("group", "create", name, "--platform", lane.platform, *maps)
        self.account(name, platform, name, spoken=None if lane.native else lane.spoken)

    def account(self, name: str, platform: str, group: str, *args: str, spoken: str | None = None) -> None:
        """An account at the sandbox. Its credential is its name, so that the sandbox can tell accounts apart."""
        served = [word for model in SERVED for word in ("--model", model)]
        address = f"--base-url-{spoken}" if spoken else "--base-url"
        options = ["--group", group, address, self.sandbox.base_url, *served, *args]
        self.cli("account", "create", name, "--platform", platform, *options, "--credential-stdin", stdin=name)

    def key(self, name: str, user: str, group: str, *args: str) -> str:
        return self.json("key", "create", name, "--user", user, "--group", group, *args)["key"]

    def ready_key(self, name: str, group: str, user: str = "ada") -> str:
        """A key that the running gate knows: it hears of a new group a moment later."""
        key = self.key(name, user, group)
        wait_until(lambda: self._works(key), "a new key")
        return key

    def lane(self, caller: str, spoken: str | None = None, name: str | None = None) -> str:
        """A key with a group and an account of its own: what happens to the account disturbs no one else. The records
        are found by `name`. Without `spoken` the lane is native."""
        name = name or f"lane-{uuid.uuid4().hex[:12]}"
        self.lane_group(name, Lane(caller, spoken or caller))
        return self.ready_key(name, name)

    def shared_key(self, lane: Lane) -> str:
        """A key of the lane that all tests share."""
        return self.keys[f"ok-{lane.platform}" if lane.native else str(lane)]

    def records(self, count: int, *filters: str) -> list[dict]:
        """The usage records, oldest first, once there are `count` of them: they are written behind the answers."""
        wait_until(lambda: self.json("usage", "--totals", *filters)["requests"] >= count, "usage records")
        found = self.json("usage", "--limit", "1000", *filters)
        assert len(found) == count
        return found[::-1]

    def _works(self, key: str) -> bool:
        request = urllib.request.Request(f"{self.gate.base_url}/v1/models", headers={"x-api-key": key})
        try:
            with DIRECT.open(request, timeout=TIMEOUT_S):
                return True
        except urllib.error.HTTPError:
            return False

    def _set_up(self) -> None:
        for name, input_price, output_price in MODELS:
            self.cli("model", "create", name, "--input", input_price, "--output", output_price)
        self.user("ada")
        self.user("broke", "0")
        self.user("banned")
        for platform, allowed in (("anthropic", "claude-haiku-4-5"), ("openai", "gpt-4o")):
            self.group(platform, platform)
            self.group(f"closed-{platform}", platform)
            for kind, user, group, *args in (
                ("ok", "ada", platform),
                ("revoked", "ada", platform),
                ("disabled", "ada", platform),
                ("expired", "ada", platform, "--expires", "2020-01-01"),
                ("elsewhere", "ada", platform, "--address", "10.0.0.0/8"),
                ("one-model", "ada", platform, "--model", allowed),
                ("broke", "broke", platform),
                ("banned", "banned", platform),
                ("closed", "ada", f"closed-{platform}"),
            ):
                name = f"{kind}-{platform}"
                self.keys[name] = self.key(name, user, group, *args)
            self.cli("key", "revoke", f"revoked-{platform}")
            self.cli("key", "disable", f"disabled-{platform}")
            self.cli("group", "disable", f"closed-{platform}")
        self.cli("user", "disable", "banned")
        for lane in FOREIGN_LANES:
            self.lane_group(str(lane), lane)
            self.keys[str(lane)] = self.key(str(lane), "ada", str(lane))

    def description(self) -> str:
        """What another program needs to use the stack."""
        return json.dumps(
            {
                "base_url": self.gate.base_url,
                "sandbox_url": self.sandbox.base_url,
                "binary": str(binary()),
                "config": str(self.config),
                "served": SERVED,
                "mapping": MAPPINGS,
                "foreign": FOREIGN,
                "max_body_bytes": MAX_BODY_BYTES,
                "keys": self.keys,
            }
        )

    def close(self) -> None:
        for server in reversed(self.servers):
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def end_on_sigterm() -> None:
    """Treats SIGTERM like Ctrl-C, so that `with` blocks end: a stack must not outlive its tests."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def main(command: list[str]) -> int:
    end_on_sigterm()
    with Stack() as stack:
        return subprocess.run(command, env=environment(STACK=stack.description())).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
