# The index of commands. Each one does its own set-up and can be run on a fresh clone.
# Arguments for the server: make run ARGS='--addr 127.0.0.1:8080'

.DEFAULT_GOAL := help
.PHONY: help setup run watch test lint bench screenshot test-cluster image

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

setup: ## Install or build every tool that is missing (cached outside the checkout)
	@scripts/setup

run: ## Build what changed and serve the dashboard on http://127.0.0.1:3000
	@exec scripts/run $(ARGS)

watch: ## Serve, rebuild and reload the browser on every change
	@exec scripts/watch $(ARGS)

test: ## All tests: Rust on three databases, then the real binary in a real browser
	@scripts/test

lint: ## Formatting, clippy (native and WASM), docs, scripts, house rules
	@scripts/lint

bench: ## Measure speed and memory into docs/BENCHMARKS.md
	@scripts/bench

screenshot: ## Renew docs/screenshot.png from the browser tests
	@scripts/screenshot

test-cluster: ## The Kubernetes runtime and the dashboard on a real cluster: that of KUBECONFIG, or one of our own
	@scripts/test-cluster

image: ## A container image: the agents' (TARGET=slim for the small one), or with TARGET=server the server's
	@scripts/image $(TARGET)
