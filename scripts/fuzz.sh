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
# There is no unsafe code in the workspace, and without a sanitizer the same time tries thrice as
# much. FUZZ_SANITIZER=address looks into the dependencies, too.
sanitizer=${FUZZ_SANITIZER:-none}
# A corpus is replayed in every `make test`.
most=64

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

# The few of all inputs of $1 that reach what all of them reach become its corpus: the first of
# them, because each one was chosen for reaching most of what those before it did not.
minimise() {
  local target=$1 few
  few=$(mktemp -d)
  cargo +nightly fuzz run -s "$sanitizer" "$target" "$few" "$work/$target" "fuzz/corpus/$target" -- \
    -set_cover_merge=1 -use_counters=0 -use_cmp=0 -max_len=8192
  rm -rf "fuzz/corpus/$target"
  mkdir "fuzz/corpus/$target"
  find "$few" -type f -printf '%T@ %p\n' | sort -n | head -n "$most" | while read -r _ file; do
    cp "$file" "fuzz/corpus/$target/"
  done
  rm -r "$few"
  echo "$target: $(find "fuzz/corpus/$target" -type f | wc -l) inputs kept"
}

if [[ ! -d $work ]]; then
  cargo run --quiet --package lockgate-fuzz --example seed -- "$work"
fi
cargo +nightly fuzz build -s "$sanitizer"
for target in "${targets[@]}"; do
  mkdir -p "$work/$target" "fuzz/corpus/$target"
  if [[ $keep ]]; then
    minimise "$target"
  else
    echo "== $target, $seconds seconds"
    cargo +nightly fuzz run -s "$sanitizer" "$target" "$work/$target" "fuzz/corpus/$target" -- \
      "-max_total_time=$seconds" "${options[@]}"
  fi
done
