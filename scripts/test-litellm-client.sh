#!/usr/bin/env bash
# Drives the management API with LiteLLM's own Python client and command line.
#
# Usage: scripts/test-litellm-client.sh [options of tests/litellm-client/run.py]
#
#   LOCKGATE_LITELLM_CLIENT   where the client and the logs live (litellm-client in the target folder)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${CARGO_TARGET_DIR:-target}
folder=${LOCKGATE_LITELLM_CLIENT:-$target/litellm-client}

scripts/need-litellm-client.sh "$folder"
cargo build --locked --quiet --package lockgate
export PYTHONPATH=tests/shared PYTHONDONTWRITEBYTECODE=1
# The client would fetch a list of prices from the network when it starts.
export LITELLM_LOCAL_MODEL_COST_MAP=True
exec "$folder/venv/bin/python" tests/litellm-client/run.py --lockgate "$target/debug/lockgate" \
  --logs "$folder/logs" "$@"
