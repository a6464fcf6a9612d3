# Two commands on a machine with Python 3.11 or newer and make:
#
#     make demo    sets up, watches a real clip as a camera, says where to look
#     make test    sets up, runs the tests
#
# Everything is built into .venv here; `rm -r .venv` undoes it. A second run finds it ready and costs nothing.

READY := .venv/.ready

.PHONY: help setup demo redact test check soak bench lock clean

help:
	@echo 'make demo    watch a real clip as a camera and say where to look (Ctrl-C ends it)'
	@echo 'make redact  redact a real clip and say where to look'
	@echo 'make test    run the tests (TESTS="..." are arguments for pytest)'
	@echo 'make check   format, lint, types, import contracts'
	@echo 'make soak    the long tests'
	@echo 'make bench   measure leak, speed and the stages (BENCH="speed" for one)'
	@echo 'make setup   build .venv only'
	@echo 'make lock    write the lock files anew (needs uv)'

setup: $(READY)

$(READY): requirements-dev.lock pyproject.toml scripts/setup
	@sh scripts/setup
	@touch $(READY)

demo: $(READY)
	@.venv/bin/python -m scripts.live_demo $(DEMO)

redact: $(READY)
	@.venv/bin/python -m scripts.demo $(REDACT)

test: $(READY)
	@sh scripts/test $(TESTS)

check: $(READY)
	@sh scripts/check

soak: $(READY)
	@sh scripts/test -m soak $(TESTS)

BENCH ?= leak speed profile
bench: $(READY)
	@set -e; for name in $(BENCH); do .venv/bin/python -m "bench.$$name" $(BENCH_ARGS); done

lock:
	@sh scripts/lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build out
