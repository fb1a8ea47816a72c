#!/usr/bin/env bash
# Drives the gateway with the official SDKs, each against every upstream dialect.
#
# Usage: scripts/test-sdks.sh [options of tests/sdk/run.py]
#
#   LOCKGATE_SDKS   where the SDKs, the logs and the configuration live (sdk in the target folder)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${CARGO_TARGET_DIR:-target}
sdks=${LOCKGATE_SDKS:-$target/sdk}

scripts/need-sdks.sh "$sdks"
cargo build --locked --quiet --package lockgate --package lockgate-bench
# Modules for Node are looked for beside the file that imports them.
cp tests/sdk/node/*.mjs "$sdks/node/"
export PYTHONPATH=tests/shared PYTHONDONTWRITEBYTECODE=1
# run.py ends every process it starts, also when it is interrupted.
exec "$sdks/venv/bin/python" tests/sdk/run.py --lockgate "$target/debug/lockgate" \
  --bench "$target/debug/lockgate-bench" --sdks "$sdks" --logs "$sdks/logs" "$@"
