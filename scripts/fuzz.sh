#!/usr/bin/env bash
# Runs each fuzz target, or those that are named, for FUZZ_SECONDS (600), beginning with the inputs
# that are kept; what it finds stays out of the repository until `--keep` takes it in.
#
#   scripts/fuzz.sh [target ...]
#   scripts/fuzz.sh --keep [target ...]    fuzz/corpus becomes the few inputs that cover what all do
#
# A finding is left in fuzz/artifacts/<target>. Once it is understood, it goes into
# fuzz/regressions/<target> under a name that says what it is, and `make test` replays it.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-600}
# The inputs that a run makes up; kept between runs, never committed.
work=${FUZZ_WORK:-target/fuzz-corpus}
# Larger inputs find nothing that these do not, and are slow.
options=(-rss_limit_mb=2048 -timeout=20 -max_len=8192 -print_final_stats=1)

if ! cargo +nightly --version >/dev/null 2>&1; then
  echo "Fuzzing needs nightly Rust: rustup toolchain install nightly --profile minimal" >&2
  exit 1
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
  echo "Fuzzing needs cargo-fuzz: cargo install cargo-fuzz" >&2
  exit 1
fi

keep=
if [[ ${1:-} == --keep ]]; then
  keep=1
  shift
fi
if (($#)); then
  targets=("$@")
else
  mapfile -t targets < <(cargo +nightly fuzz list)
fi

# The few inputs of $1 and $2 that reach what all of them reach, into $1.
minimise() {
  local target=$1 few
  few=$(mktemp -d)
  cp -r "$work/$target/." "$few"
  cargo +nightly fuzz cmin "$target" "$few" -- -max_len=8192 >/dev/null
  rm -rf "fuzz/corpus/$target"
  mkdir -p "fuzz/corpus/$target"
  # The smallest ones: a corpus is replayed in every `make test`.
  find "$few" -type f -printf '%s %p\n' | sort -n | head -n 48 | while read -r _ file; do
    cp "$file" "fuzz/corpus/$target/"
  done
  rm -rf "$few"
  echo "$target: $(find "fuzz/corpus/$target" -type f | wc -l) inputs kept"
}

cargo +nightly fuzz build
for target in "${targets[@]}"; do
  mkdir -p "$work/$target" "fuzz/corpus/$target"
  if [[ $keep ]]; then
    minimise "$target"
  else
    echo "== $target, $seconds seconds"
    cargo +nightly fuzz run "$target" "$work/$target" "fuzz/corpus/$target" -- \
      "-max_total_time=$seconds" "${options[@]}"
  fi
done
