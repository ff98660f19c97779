.PHONY: run build test test-slow lint size bench docs-audit prepare
.DEFAULT_GOAL := run

run: ## Install what is missing, build, and serve http://127.0.0.1:3000
	@scripts/setup run && exec scripts/with-tools cargo xtask run

build: ## The release: target/release/catalyst and target/site
	@scripts/setup build && scripts/with-tools cargo xtask build

test: ## Every test there is
	@scripts/setup test && scripts/with-tools cargo xtask test

test-slow: ## The tests that take minutes, and whether tests miss a guard of the domain that is taken away
	@scripts/setup test && scripts/with-tools cargo xtask test --slow

lint: ## Formatting, clippy, and the project's own rules
	@scripts/setup test && scripts/with-tools cargo xtask lint

size: ## Sizes of the release's WebAssembly and JavaScript against .ci/size-budget.toml
	@scripts/setup build && scripts/with-tools cargo xtask site --release && scripts/with-tools cargo xtask size

bench: ## The release's figures, into docs/benchmarks.md; wants the machine for itself
	@scripts/setup build && scripts/with-tools cargo xtask bench

docs-audit: ## What the documents say against what is there; runs their marked snippets
	@scripts/setup test && scripts/with-tools cargo xtask docs

prepare: ## Renew app/domain/.sqlx after a change of a query or a migration
	@scripts/setup run && scripts/with-tools cargo xtask prepare
