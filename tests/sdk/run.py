"""Drives Lockgate with the official SDKs, each against every upstream dialect, and prints what worked."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import functools
import ipaddress
import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from processes import Gateway, Tls, free_port, http_get, process, wait_until_up
from stage import GATEWAY, HERE, PROGRAMS, UPSTREAMS, Program, Row, config, group, upstream_model
from table import table
from upstream import judge

# Against a program that hangs; far more than one takes on a busy machine.
PROGRAM_SECONDS = 600.0
# Python and Node spend most of their time starting; two at a time keep two cores busy.
AT_ONCE = 2
REMEMBER = 100_000

Check = tuple[str, str, str]


def plan(row: Row) -> dict[str, dict[str, str]]:
    """The checks by upstream, each with the model to ask for."""
    return {
        upstream: {check: group(row, upstream, check) for check in row.checks(upstream)}
        for upstream in [GATEWAY, *UPSTREAMS]
    }


def certificate(folder: Path) -> Tls:
    """Makes a certificate for this machine's own address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lockgate")])
    today = datetime.datetime.now(datetime.timezone.utc)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=2))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    tls = Tls(folder / "tls.crt", folder / "tls.key")
    tls.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    tls.key.write_bytes(key.private_bytes(pem, form, plain))
    return tls


def outcomes(program: Program, sdks: Path, env: dict[str, str]) -> dict[Check, str | None]:
    """Runs the program: for each check what failed, or nothing."""
    planned = {row.name: plan(row) for row in program.rows}
    if program.file.endswith(".mjs"):
        command = ["node", str(sdks / program.file)]
    else:
        command = [sys.executable, str(HERE / program.file)]
    env = {**os.environ, **env, "LOCKGATE_PLAN": json.dumps(planned)}
    done = subprocess.run(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PROGRAM_SECONDS
    )
    ended = f"{program.file} ended with status {done.returncode} before it\n{done.stderr[-2000:]}"
    found: dict[Check, str | None] = {
        (row, upstream, check): ended
        for row, upstreams in planned.items()
        for upstream, checks in upstreams.items()
        for check in checks
    }
    for line in done.stdout.splitlines():
        report = json.loads(line)
        found[report["row"], report["upstream"], report["check"]] = report["failure"]
    return found


def by_model(mock: str) -> dict[str, list[dict]]:
    """The requests the mock recorded, by the model they asked for."""
    requests = defaultdict(list)
    for request in json.loads(http_get(f"{mock}/_mock/requests"))["requests"]:
        requests[request["model"]].append(request)
    return requests


def judged(program: Program, found: dict[Check, str | None], mock: str, key: str) -> None:
    """Adds what the upstream has to say to the checks that passed for the SDK."""
    rows = {row.name: row for row in program.rows}
    recorded = by_model(mock)
    for (name, upstream, check), failure in found.items():
        if failure is not None or upstream == GATEWAY:
            continue
        row = rows[name]
        try:
            judge(row, upstream, check, recorded[upstream_model(row, upstream, check)], key)
        except (AssertionError, LookupError, TypeError, ValueError) as error:
            found[name, upstream, check] = f"{type(error).__name__}: {error}"


def report(found: dict[Check, str | None]) -> int:
    """Prints failures, table and sum; returns the number of failures."""
    cells: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for (row, upstream, check), failure in found.items():
        cells[row, upstream].append(failure is None)
        if failure is not None:
            print(f"FAILED {row} -> {upstream}, {check}: {failure.rstrip()}\n")
    columns = [GATEWAY, *UPSTREAMS]
    rows = list(dict.fromkeys(row for row, _ in cells))

    def cell(row: str, upstream: str) -> str:
        passed = cells[row, upstream]
        return f"{sum(passed)} ok" if all(passed) else f"{passed.count(False)} of {len(passed)} FAILED"

    print(table(("sdk", *columns), [(row, *(cell(row, column) for column in columns)) for row in rows]))
    failed = sum(failure is not None for failure in found.values())
    print(f"\n{len(found) - failed} passed, {failed} failed")
    return failed


def run(arguments: argparse.Namespace) -> int:
    programs = [
        program
        for program in PROGRAMS
        if not arguments.only or any(row.name in arguments.only for row in program.rows)
    ]
    port = free_port()
    mock = f"http://127.0.0.1:{port}"
    serve = [str(arguments.bench), "mock", "--port", str(port), "--remember", str(REMEMBER), "--threads", "1"]
    arguments.logs.mkdir(parents=True, exist_ok=True)
    file = arguments.logs / "config.yaml"
    file.write_text(config(mock))
    groups = len(json.loads(file.read_text())["model_list"])
    found: dict[Check, str | None] = {}
    with contextlib.ExitStack() as stack:
        child = stack.enter_context(process("mock", serve, {}, arguments.logs))
        wait_until_up("mock", child, f"{mock}/health")
        start = functools.partial(Gateway.started, arguments.lockgate, file, arguments.logs, {})
        gateway = stack.enter_context(start())
        tls = certificate(arguments.logs)
        secure = stack.enter_context(start(tls))
        env = {
            "LOCKGATE_URL": gateway.base,
            "LOCKGATE_KEY": gateway.key,
            "LOCKGATE_TLS_URL": secure.base,
            "LOCKGATE_TLS_KEY": secure.key,
            "LOCKGATE_TLS_CERTIFICATE": str(tls.certificate.resolve()),
            "LOCKGATE_FACTS": str(HERE.resolve() / "facts.json"),
            "LOCKGATE_GROUPS": str(groups),
        }
        with ThreadPoolExecutor(AT_ONCE) as pool:
            runs = pool.map(lambda program: outcomes(program, arguments.sdks, env), programs)
            for program, outcome in zip(programs, runs):
                judged(program, outcome, mock, gateway.key)
                found |= outcome
    failed = report(found)
    if failed:
        print(f"logs: {arguments.logs}")
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lockgate", type=Path, required=True, help="the gateway's binary")
    parser.add_argument("--bench", type=Path, required=True, help="the binary with the mock upstream")
    parser.add_argument("--sdks", type=Path, required=True, help="the folder with the installed SDKs")
    parser.add_argument("--logs", type=Path, required=True, help="a folder for logs and the configuration")
    parser.add_argument("--only", action="append", help="this line of the table alone; may be repeated")
    arguments = parser.parse_args()
    # So that an interrupted run ends what it started, as a finished one does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
