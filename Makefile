# Two commands do all the set-up: `make demo` and `make test`.
bin := .venv/bin

.PHONY: help demo test .test-live .test-apart .test-rest lint docs wheel bench simulate mutants claims crash soak load lock clean
help:
	@echo 'make demo    set up, then two people talk over a private Tor network on this machine'
	@echo 'make test    set up, then lint, types, import contract and the fast suite'
	@echo 'make lint    format, lint, types, import contract'
	@echo 'make docs    write what is generated in docs/: openrpc.json, tables of rpc.md, onionchat.1'
	@echo 'make wheel   the last commit as a wheel and an sdist, reproducible, in dist/'
	@echo 'make bench   the figures, each beside its peer in the same run'
	@echo 'make simulate days of faults for whole nodes in virtual time; goes on where it stopped'
	@echo 'make mutants bugs are planted, and it shows which instrument notices each'
	@echo 'make claims  what the threat model calls impossible is made possible, and its tests must fail'
	@echo 'make crash   the process killed at every place, and its disk after power cuts; goes on where it stopped'
	@echo 'make soak    real nodes on a private Tor network, killed and frozen: MINUTES=n; adds to what was counted'
	@echo 'make load    100,000 messages that wait, 1,000,000 that are kept, 1,000 contacts, one who floods'
	@echo 'make lock    resolve the dependencies again and write requirements/'
	@echo 'make clean   remove what the other targets made'

demo:
	@.ci/setup runtime
	@$(bin)/onionchat demo

# Side by side: the live tests wait for tor most of the time, and of the others none needs two cores.
# What stands apart is not needed for the coverage of the cores, and half of the others' time.
apart := $(addprefix tests/,cli crash load mutants simulation soak)

test: lint
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=line .test-live .test-apart .test-rest

.test-live:
	@$(bin)/python -m pytest -m live

.test-apart:
	@$(bin)/python -m pytest -m 'not live' $(apart)

.test-rest:
	@$(bin)/coverage run -m pytest -m 'not live' $(addprefix --ignore=,$(apart))
	@$(bin)/coverage report --fail-under=100

lint:
	@.ci/setup development
	@$(bin)/ruff format --check .
	@$(bin)/ruff check .
	@$(bin)/mypy
	@$(bin)/lint-imports

docs:
	@.ci/setup development
	@$(bin)/python -m onionchat.rpc.reference docs
	@$(bin)/python -m onionchat.cli.manual docs

wheel:
	@.ci/setup development
	@$(bin)/python -m release dist

bench:
	@.ci/setup benchmarks
	@$(bin)/python -m benchmarks

# COUNT=n: stop at so many seeds.
simulate:
	@.ci/setup development
	@$(bin)/python -m tests.simulation $(or $(COUNT),1000)

mutants:
	@.ci/setup development
	@$(bin)/python -m tests.mutants

# WORD=w: only those with this word.
claims:
	@.ci/setup development
	@$(bin)/python -m tests.mutants.claims $(WORD)

# KIND=kills, faults, images or control, each also as KIND=kills=n: stop at so many.
crash:
	@.ci/setup development
	@$(bin)/python -m tests.crash $(KIND)

# MINUTES=n, and SEED=n to strike the same people in the same way.
soak:
	@.ci/setup development
	@$(bin)/python -m tests.soak $(or $(MINUTES),60) $(SEED)

load:
	@.ci/setup development
	@$(bin)/python -m tests.load

lock:
	@sh requirements/lock

clean:
	rm -rf .venv build dist *.egg-info .coverage .*_cache .hypothesis
