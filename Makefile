# Everything a newcomer or CI needs. `make setup` is done by each target that needs it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

# Bytecode is kept even where the environment says not to (as many containers do): without it each command compiles
# cfn-lint and the SAM translator anew, which takes longer than all else it does.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup runners collected demo demo-ci test lint check bench format chaos crowd fuzz laws mutants nightly test-aws corpus clean

setup: $(STAMP)

$(STAMP): pyproject.toml uv.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
	@UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --quiet --locked --compile-bytecode
	@$(BIN)/python -m compileall -q src
	@touch $@

# Programs of others that execute pipeline files, for the tests that are skipped without them.
runners: setup
	@$(BIN)/python -m tools.runners $(RUNNERS)

# What pytest makes of the test files, once; in a fresh clone each of its workers would make it.
collected: setup
	@$(BIN)/pytest --collect-only -qq tests >/dev/null

demo: setup
	@$(BIN)/python examples/demo.py

# With bb-run where `make runners` could install it, else without it.
demo-ci: setup
	@$(BIN)/python -m examples.demo_ci

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

check: lint
	$(BIN)/pytest -n 2 tests/unit

# A file by one worker: what its tests share, such as a deployed application, is made once.
test: setup
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder tests

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/python -m benchmarks

# 100,000 inputs that are nearly right; `make test` tries 2,000.
fuzz: setup
	SEALIFT_FUZZ=100000 $(BIN)/pytest -n 4 tests/fuzz

# Each law with other examples than those of CI, and ten times as many.
laws: setup
	SEALIFT_LAWS=10 $(BIN)/pytest -n 4 -m hypothesis --ignore tests/fuzz tests

# Changes one place of a rule at a time and looks whether a test notices: 85 % of the changes at least, in each room.
mutants: setup
	$(BIN)/python -m tests.mutants

nightly: setup runners laws
	$(BIN)/python -m tests.nightly.schedules
	$(BIN)/python -m tests.nightly.isolation
	SEALIFT_NIGHTLY=1 $(BIN)/pytest -n 4 tests/component/build/test_local_packages.py \
		tests/component/previews/test_sweep.py tests/component/isolation/test_mutations.py \
		tests/local/test_ci_runners.py tests/local/test_how_tos.py tests/local/test_demo.py \
		tests/local/test_tutorial_bitbucket.py tests/chaos/test_storms.py
	$(BIN)/python -m tests.mutants

test-aws: setup
	$(BIN)/python -m tests.contract.sandbox

chaos: setup
	$(BIN)/python -m tests.chaos.disturbances
	$(BIN)/python -m tests.chaos

crowd: setup
	$(BIN)/python -m tests.chaos.crowd

# The proof over the templates of other projects' source packages; needs the network, writes docs/corpus.md.
corpus: setup
	$(BIN)/python -m tests.corpus

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
