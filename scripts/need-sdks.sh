#!/usr/bin/env bash
# Installs the official SDKs at the versions pinned in tests/sdk, when they are not there yet. Writes nothing outside
# of the folder, so that any user may run it.
#
# Usage: scripts/need-sdks.sh FOLDER
#
#   PYTHON   the Python to build the environment with, 3.11 or later (python3)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$1
python=${PYTHON:-python3}
venv=$folder/venv
node=$folder/node

fail() {
  echo "need-sdks: $1" >&2
  exit 1
}

check_tools() {
  command -v "$python" >/dev/null || fail "Python 3.11 or later is missing; the tests with the SDKs need it."
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old: the tests with the SDKs need 3.11 or later (set PYTHON)."
  # Debian splits ensurepip, without which a new environment has no pip, into its own package.
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python cannot make environments: install python3-venv."
  command -v node >/dev/null || fail "Node 20 or later is missing; the tests with the SDKs need it."
  node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' ||
    fail "Node $(node --version) is too old: the tests with the SDKs need 20 or later."
  command -v npm >/dev/null || fail "npm is missing; the tests with the SDKs need it to install those for Node."
}

# Installs again when what is wanted changes, and only then.
is_installed() {
  [ -f "$1/installed" ] && [ "$(cat "$1/installed")" = "$2" ]
}

install_python_sdks() {
  local wanted
  wanted=$("$python" --version; cat tests/sdk/requirements.txt)
  is_installed "$venv" "$wanted" && return
  echo "need-sdks: installing the SDKs for Python"
  rm -rf "$venv"
  "$python" -m venv "$venv"
  "$venv/bin/pip" install --quiet --progress-bar off --cache-dir "$folder/pip-cache" \
    --no-deps -r tests/sdk/requirements.txt
  "$venv/bin/pip" check --quiet
  printf '%s' "$wanted" >"$venv/installed"
}

install_node_sdks() {
  local wanted
  wanted=$(node --version; cat tests/sdk/node/package-lock.json)
  is_installed "$node" "$wanted" && return
  echo "need-sdks: installing the SDKs for Node"
  rm -rf "$node"
  mkdir -p "$node"
  cp tests/sdk/node/package.json tests/sdk/node/package-lock.json tests/sdk/node/.npmrc "$node"
  npm ci --prefix "$node" --cache "$folder/npm-cache" --ignore-scripts --loglevel error
  printf '%s' "$wanted" >"$node/installed"
}

check_tools
mkdir -p "$folder"
install_python_sdks
install_node_sdks
