"""What every SDK's checks share: the routes, the prompts and the questions asked of an answer."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from servers import CONTEXT_TOKENS

COLUMNS = ("list", "chat", "stream", "tools", "json", "embeddings", "cancel", "error")

SYSTEM = "You are a helpful assistant."
QUESTION = "Write two short sentences about the sea."
# Tokens: enough to say something, and enough not to cut a call in the middle.
SHORT = 48
CALL = 128

CITIES = ["Paris", "Oslo"]
TOOL_QUESTION = "Please use the tool. What is the weather in Paris?"
TOOL_NAME = "get_weather"
TOOL_DESCRIPTION = "Current weather of a city."
TOOL_ANSWER = '{"celsius": 21, "sky": "clear"}'
# Closed sets keep a 135M model from rambling inside an argument until its tokens run out.
TOOL_PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string", "enum": CITIES}},
    "required": ["city"],
}
ANSWER_SCHEMA = {
    "type": "object",
    "properties": {"color": {"type": "string", "enum": ["blue", "green"]}, "deep": {"type": "boolean"}},
    "required": ["color", "deep"],
    "additionalProperties": False,
}
TOO_LONG = "sea " * (2 * CONTEXT_TOKENS)

WRONG_KEY = "sk-this-is-not-the-key"
UNKNOWN_MODEL = "no-such-model"
# Short enough to hang up long before the endless server is done.
HANG_UP_SECONDS = 3.0


@dataclass(frozen=True)
class Route:
    """One way from a client to the model."""

    name: str
    base: str
    key: str
    model: str
    endless_base: str
    endless_model: str
    embedding_model: str | None = None
    # Whether the model server keeps to a JSON schema asked for on this way.
    keeps_to_schema: bool = True
    listed: Sequence[str] = ()
    # A model group whose only deployment refuses connections; only a gateway has one.
    broken_model: str | None = None


class Skip(Exception):
    """The check does not apply to this SDK on this route."""


class Sdk(Protocol):
    """One official package. Each check returns a note for the table, or raises."""

    name: str
    version: str

    def list(self, route: Route) -> str: ...
    def chat(self, route: Route) -> str: ...
    def stream(self, route: Route) -> str: ...
    def tools(self, route: Route) -> str: ...
    def json(self, route: Route) -> str: ...
    def embeddings(self, route: Route) -> str: ...
    def error(self, route: Route) -> str: ...

    def endless_stream(self, route: Route) -> contextlib.AbstractContextManager[None]:
        """Opens a stream that does not end, reads one event, and closes it on exit."""

    def hang_up(self, route: Route) -> None:
        """Asks for an endless answer without streaming and gives up waiting for it."""


def check_names(names: Sequence[str], route: Route) -> str:
    missing = [name for name in route.listed if name not in names]
    assert not missing, f"{missing} not among {list(names)}"
    return f"{len(names)} models"


def check_tool_call(name: str | None, arguments: Any) -> None:
    assert name == TOOL_NAME, f"called {name!r}"
    if isinstance(arguments, str):
        arguments = json.loads(arguments)
    assert arguments.get("city") in CITIES, f"arguments {arguments!r}"


def check_answer(text: str | None, route: Route) -> str:
    assert text, "no text"
    if not route.keeps_to_schema:
        return "accepted"
    answer = json.loads(text)
    assert answer["color"] in ("blue", "green") and isinstance(answer["deep"], bool), answer
    return "enforced"


def check_vector(vector: Sequence[float]) -> None:
    assert len(vector) > 100, f"{len(vector)} dimensions"
    assert all(isinstance(x, float) for x in vector), "not all floats"
    assert any(x != 0.0 for x in vector), "all zeros"


def check_same_vector(one: Sequence[float], other: Sequence[float]) -> None:
    assert len(one) == len(other), f"{len(one)} and {len(other)} dimensions"
    gap = max(abs(a - b) for a, b in zip(one, other))
    assert gap < 1e-3, f"vectors differ by {gap}"


@contextlib.contextmanager
def refused(
    kinds: type[Exception] | tuple[type[Exception], ...], status: Callable[[Any], int], *expected: int
) -> Iterator[None]:
    """Expects the SDK's own exception with one of the statuses and a message."""
    try:
        yield
    except kinds as error:
        assert status(error) in expected, f"status {status(error)}, expected one of {expected}: {error}"
        assert str(error).strip(), "no message"
    else:
        raise AssertionError(f"no error, expected status {expected}")


# What a gateway may answer, by cause.
WRONG_KEY_STATUS = (400, 401)
UNKNOWN_MODEL_STATUS = (400, 404)
TOO_LONG_STATUS = (400, 413)
UNREACHABLE_STATUS = (500, 502, 503)
