"""Processes of a run: started with their output in a log, waited for, ended by their id; and the gateway."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Deadlines only guard against a hang; nothing is judged by how long it took.
DEADLINE_SECONDS = 120.0
# Below the range from which the system serves outgoing connections, so that none of them takes the
# port before its server has it.
PORTS = range(10_000, 32_000)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    for port in random.sample(PORTS, 100):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


def wait_for(what: str, condition: Callable[[], bool], poll_seconds: float = 0.05) -> None:
    """Polls until the condition holds; fails at the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"gave up waiting for {what}"
        time.sleep(poll_seconds)


def http_get(url: str, key: str | None = None, trusted: Path | None = None) -> str:
    """The body behind a URL; `trusted` is the certificate of a server that signed its own."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(url, headers=headers)
    context = ssl.create_default_context(cafile=trusted) if trusted else None
    with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS, context=context) as response:
        return response.read().decode()


def answers(url: str, trusted: Path | None = None) -> bool:
    try:
        http_get(url, trusted=trusted)
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


@contextlib.contextmanager
def process(name: str, command: list[str], env: dict[str, str], logs: Path) -> Iterator[subprocess.Popen]:
    """Runs a process with its output in a log file, and ends it by its id."""
    logs.mkdir(parents=True, exist_ok=True)
    with open(logs / f"{name}.log", "wb") as log:
        child = subprocess.Popen(command, env=os.environ | env, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(timeout=30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def wait_until_up(name: str, child: subprocess.Popen, url: str, trusted: Path | None = None) -> None:
    def is_up() -> bool:
        assert child.poll() is None, f"{name} ended with status {child.returncode} before it answered"
        return answers(url, trusted)

    wait_for(f"{name} to answer", is_up)


@dataclass(frozen=True)
class Tls:
    """Files of a certificate that signed itself, and of its key."""

    certificate: Path
    key: Path


class Gateway:
    """A running Lockgate."""

    def __init__(self, base: str, key: str, child: subprocess.Popen):
        self.base = base
        self.key = key
        self.child = child

    @classmethod
    @contextlib.contextmanager
    def started(
        cls, binary: Path, config: Path, logs: Path, env: dict[str, str], tls: Tls | None = None
    ) -> Iterator[Gateway]:
        key = "sk-" + secrets.token_hex(16)
        port = free_port()
        with tempfile.TemporaryDirectory(prefix="lockgate-test-") as data:
            command = [
                str(binary.resolve()),
                *("--config", str(config), "--data-dir", data),
                *("--host", "127.0.0.1", "--port", str(port)),
            ]
            if tls:
                command += ["--ssl_certfile_path", str(tls.certificate), "--ssl_keyfile_path", str(tls.key)]
            name = "lockgate-tls" if tls else "lockgate"
            with process(name, command, {"LITELLM_MASTER_KEY": key, **env}, logs) as child:
                gateway = cls(f"http{'s' if tls else ''}://127.0.0.1:{port}", key, child)
                trusted = tls.certificate if tls else None
                wait_until_up(name, child, f"{gateway.base}/health/liveliness", trusted)
                yield gateway

    def stop(self) -> int:
        """Asks for a graceful end and returns the exit status."""
        self.child.terminate()
        return self.child.wait(timeout=DEADLINE_SECONDS)
