# Every target says what it does in `make help`. What they need they install first; a second run starts in seconds.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules
PYTHON ?= python3
export PYTHON
# Some machines forbid Python its compiled files; every process of a test or a demo would then compile everything anew.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin

.PHONY: help setup setup-run system kafka demo demo-kafka test check format bench lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: ## make .venv with everything that development needs, from the hashed lock
	@.ci/setup dev

setup-run: ## make .venv with what running needs, from the hashed lock
	@.ci/setup run

system: ## install what the tests need from the system (as root; else says what to type)
	@.ci/system

kafka: ## fetch genuine Apache Kafka with Maven into .cache/kafka
	@.ci/kafka

demo: setup-run ## one node, embedded: cases travel from court to union to arbitration, fail, are mended and replayed
	@$(BIN)/gateway demo $(ARGS)

demo-kafka: setup kafka ## the same over three nodes on genuine Apache Kafka and PostgreSQL
	@$(BIN)/gateway demo --kafka $(ARGS)

test: setup system kafka ## all tests, on genuine Apache Kafka and PostgreSQL (ARGS=… goes to pytest)
	@GATEWAY_REQUIRE_APACHE_KAFKA=1 $(BIN)/python -m pytest $(ARGS)

check: setup ## lint, format, types, layers, schemas, contracts, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/gateway schemas check
	$(BIN)/gateway contracts check
	$(BIN)/python -m pytest -q tests/architecture

format: setup ## let ruff format and mend what it safely can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## messages/s, latency and CPU of submit and end-to-end (ARGS=… goes to both)
	@$(BIN)/gateway bench submit $(ARGS)
	@$(BIN)/gateway bench end-to-end $(ARGS)

lock: setup ## write the hashed locks anew from pyproject.toml (ARGS=--upgrade takes newer versions)
	@.ci/lock $(ARGS)

clean: ## remove what was installed, fetched and cached here
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
