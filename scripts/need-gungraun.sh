#!/usr/bin/env bash
# Makes sure that what counts instructions is there: valgrind, and gungraun's runner in the very
# version that Cargo.lock has of its library.
set -euo pipefail

if ! command -v valgrind >/dev/null; then
  if [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends valgrind libc6-dbg
  else
    echo "valgrind is missing. Install it: sudo apt-get install valgrind libc6-dbg" >&2
    exit 1
  fi
fi

version=$(awk '/^name = "gungraun-runner"$/ { getline; gsub(/[^0-9.]/, ""); print }' Cargo.lock)
if [[ "$(gungraun-runner --version 2>/dev/null)" != "gungraun-runner $version" ]]; then
  cargo install --quiet --locked gungraun-runner --version "$version"
fi
