# The two commands of the README are `make run` and `make test`; plain cargo works too.

.DEFAULT_GOAL := help
.PHONY: run test check bench fuzz help

run: ## Build the release binary and start the gate with the built-in sandbox provider
	@scripts/need cargo cc
	cargo run --release --locked --package tollgate -- demo $(ARGS)

test: ## Run every test: unit, PostgreSQL, end to end, official SDKs, coding agents
	@scripts/test

check: ## Format, lints, docs, licences and dependency bans
	@scripts/check

bench: ## Measure against a bare proxy in the same run; prints the table of docs/performance.md
	@scripts/need cargo cc
	@bench/run $(ARGS)

fuzz: ## Fuzz the event decoder, the body probe and translation for a minute each
	@fuzz/run 60

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
