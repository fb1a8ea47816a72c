"""Runs the checks of one SDK and reports each as a line of JSON; shared by the programs in Python."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

URL = os.environ["LOCKGATE_URL"]
KEY = os.environ["LOCKGATE_KEY"]
# What is to be run: the rows of this program, each with its checks by upstream and the model to ask for.
PLAN: dict[str, dict[str, dict[str, str]]] = json.loads(os.environ["LOCKGATE_PLAN"])

FACTS = SimpleNamespace(**json.loads(Path(os.environ["LOCKGATE_FACTS"]).read_text()))
IMAGE = base64.b64decode(FACTS.image)
IMAGE_URL = f"data:{FACTS.image_type};base64,{FACTS.image}"


def run(rows: dict[str, Any]) -> None:
    """Runs what the plan says: `rows` has, by name, an object with a method for each check."""
    for name, upstreams in PLAN.items():
        for upstream, checks in upstreams.items():
            for check, model in checks.items():
                report(name, upstream, check, lambda: getattr(rows[name], check)(model))


def report(row: str, upstream: str, check: str, run_check: Callable[[], None]) -> None:
    outcome = {"row": row, "upstream": upstream, "check": check, "failure": None}
    try:
        run_check()
    except Exception as error:
        own = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if Path(frame.filename).parent == Path(__file__).parent
        ]
        where = "".join(traceback.format_list(own[1:]))
        outcome["failure"] = f"{type(error).__name__}: {str(error)[:2000]}\n{where}"
    print(json.dumps(outcome), flush=True)


def same(found: Any, expected: Any, what: str = "value") -> None:
    assert found == expected, f"{what}: {found!r}, expected {expected!r}"


def check_text(text: str | None) -> None:
    same(text, FACTS.text, "text")


def check_pieces(pieces: Sequence[str]) -> None:
    """Text that comes in several pieces, as the mock sends it."""
    assert len(pieces) > 1, f"all in one piece: {pieces}"
    check_text("".join(pieces))


def check_usage(kind: str, *found: int | None) -> None:
    same(list(found), FACTS.usage[kind], "input and output tokens")


def check_calls(found: Sequence[tuple[str | None, Any]]) -> None:
    """Names and arguments of the calls, the latter as an object or as text."""
    read = [(name, json.loads(args) if isinstance(args, str) else dict(args)) for name, args in found]
    same(read, [(call["name"], call["arguments"]) for call in FACTS.calls], "calls")


def check_ids(ids: Sequence[str | None]) -> None:
    assert all(ids) and len(set(ids)) == len(ids), f"ids of calls: {ids}"


def check_vectors(vectors: Sequence[Sequence[float]], inputs: Sequence[str]) -> None:
    """The mock gives input number N a one at place N and zeros elsewhere."""
    axes = range(FACTS.dimensions)
    expected = [[float(axis == position) for axis in axes] for position in range(len(inputs))]
    same([[float(number) for number in vector] for vector in vectors], expected, "vectors")


def result_text(position: int) -> str:
    """What the tool at `position` found."""
    return json.dumps(FACTS.calls[position]["result"])


def inputs_of(model: str) -> list[str]:
    """What to embed: Titan, behind Bedrock, takes one text at a time."""
    return FACTS.inputs[:1] if "-be-" in model else FACTS.inputs


def listed() -> int:
    """The number of model groups; the list of every SDK has them all."""
    return int(os.environ["LOCKGATE_GROUPS"])


@contextlib.contextmanager
def raises(kind: type[Exception], judge: Callable[[Any], None]) -> Iterator[None]:
    """Expects an exception of exactly this type, and a message in it."""
    try:
        yield
    except Exception as error:
        if type(error) is not kind:
            raise
        judge(error)
        assert str(error).strip(), "no message"
    else:
        raise AssertionError(f"no {kind.__name__}")
