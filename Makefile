# One set of commands for people, hooks and CI. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# One process more than cores, since each waits now and then; each has servers of its own.
SIDE_BY_SIDE := -n $(shell $(PYTHON) -c 'import os; print(min(os.cpu_count() + 1, 5))') --dist loadfile --no-loadscope-reorder

# Each workflow loads its file anew: without bytecode on disk it would be compiled anew each time.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast bench bench-large profile drill check format lock

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY)  ## create .venv with the pinned packages

$(READY): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)  ## an hour of trade in about a minute, then keep serving (ONCE=1 ends, JSON=file writes the result)
	$(BIN)/lockstep demo $(if $(ONCE),--once) $(if $(JSON),--json $(JSON))

test: $(READY)  ## all tests
	$(BIN)/pytest $(SIDE_BY_SIDE)

test-fast: $(READY)  ## the tests that need no servers
	$(BIN)/pytest $(SIDE_BY_SIDE) -m "not slow"

bench: $(READY)  ## the figures of docs/performance.md against their baselines, ten minutes at most (ONLY=F1,F8 picks some)
	$(BIN)/python -m benchmarks run $(if $(ONLY),--only $(ONLY))

bench-large: $(READY)  ## the same at the sizes of the goals: 100,000 orders, ten minutes of peak
	$(BIN)/python -m benchmarks run --large $(if $(ONLY),--only $(ONLY))

drill: $(READY)  ## kill and cut everything at each step, then verify: .data/drill (SEED=7, ONLY=17 repeats one schedule, KILLS=0 in virtual time only)
	$(BIN)/python -m drill $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY)) $(if $(SCHEDULES),--schedules $(SCHEDULES)) \
		$(if $(filter 0,$(KILLS)),--no-kills)

profile: $(READY)  ## where a worker's time goes under load: .data/profile (CONTENDER=floor, PART=api for others)
	$(BIN)/python -m benchmarks profile $(if $(CONTENDER),--contender $(CONTENDER)) $(if $(PART),--part $(PART))

check: $(READY)  ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

format: $(READY)  ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

PIN := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock:  ## pin the dependencies anew: of the image, and with the same versions of development (needs uv)
	$(PIN) pyproject.toml -o requirements.lock
	$(PIN) --extra dev --constraints requirements.lock pyproject.toml -o requirements-dev.lock
