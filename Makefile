# Two commands: `make run` and `make test`. The rest is for those who work on it.
# The UI comes with a later step; to build takes no more than Rust and a C compiler.

CARGO ?= cargo
DATA_DIR ?= .lockgate

.PHONY: run test release check fmt clippy size unit sdks need-sdks need-postgres bench bench-quick bench-instructions test-real test-litellm-client need-litellm-client fuzz docs docs-check need

run: need ## build and start the gateway with its built-in demo model
	@$(CARGO) build --release --quiet --package lockgate
	@scripts/run.sh target/release/lockgate "$(DATA_DIR)"

test: need need-sdks need-litellm-client need-postgres fmt clippy size docs-check unit sdks test-litellm-client ## every check

release: need ## the stripped binary at target/release/lockgate
	$(CARGO) build --release --package lockgate
	@ls -l target/release/lockgate

fmt:
	$(CARGO) fmt --all --check

clippy:
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

size:
	$(CARGO) run --quiet --locked --package xtask -- size

# The black-box tests start the real binary, so it is built first.
unit:
	$(CARGO) build --locked --package lockgate
	$(CARGO) test --workspace --locked

sdks: need ## the official SDKs against every upstream dialect
	scripts/test-sdks.sh

need-sdks:
	@scripts/need-sdks.sh $(or $(LOCKGATE_SDKS),$(or $(CARGO_TARGET_DIR),target)/sdk)

need-litellm-client:
	@scripts/need-litellm-client.sh $(or $(LOCKGATE_LITELLM_CLIENT),$(or $(CARGO_TARGET_DIR),target)/litellm-client)

need-postgres:
	@scripts/need-postgres.sh

docs-check:
	$(CARGO) run --quiet --locked --package xtask -- gen-docs --check

docs: ## generated pages
	$(CARGO) run --quiet --package xtask -- gen-docs

bench: need
	$(CARGO) build --release --package lockgate --package lockgate-bench
	target/release/lockgate-bench run

bench-quick: need
	$(CARGO) build --release --package lockgate --package lockgate-bench
	target/release/lockgate-bench run --quick

bench-instructions: need ## instruction counts of the hot paths, beside those of the last run
	scripts/need-gungraun.sh
	$(CARGO) bench --locked --profile quick --package lockgate-wire --bench instructions

test-real: need ## a real model server behind the gateway, driven by the official SDKs
	scripts/test-real.sh

test-litellm-client: need ## LiteLLM's own client and command line against the management API
	scripts/test-litellm-client.sh

fuzz: need ## every fuzz target for FUZZ_SECONDS (600); needs nightly Rust and cargo-fuzz
	scripts/fuzz.sh

need:
	@scripts/need.sh
