#!/usr/bin/env bash
# Installs LiteLLM's Python client and its command line at the version pinned in tests/litellm-client, when they are
# not there yet. Writes nothing outside of the folder.
#
# Usage: scripts/need-litellm-client.sh FOLDER
#
#   PYTHON   the Python to build the environment with, 3.11 or later (python3)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$1
python=${PYTHON:-python3}
venv=$folder/venv
requirements=tests/litellm-client/requirements.txt

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "need-litellm-client: $("$python" --version) is too old: 3.11 or later is needed (set PYTHON)." >&2
  exit 1
}
wanted=$("$python" --version; cat "$requirements")
if [ -f "$venv/installed" ] && [ "$(cat "$venv/installed")" = "$wanted" ]; then
  exit 0
fi
echo "need-litellm-client: installing LiteLLM's client"
rm -rf "$venv"
mkdir -p "$folder"
"$python" -m venv "$venv"
"$venv/bin/pip" install --quiet --progress-bar off --cache-dir "$folder/pip-cache" -r "$requirements"
printf '%s' "$wanted" >"$venv/installed"
