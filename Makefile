# yohaku: `make demo` shows it, `make test` proves it; both set up what they need in .venv.
.PHONY: demo test lint types layers docs check-docs bench bench-codec bench-emulator bench-link bench-testing bench-fuzz quality mutate-codec clean
.DEFAULT_GOAL := demo

BIN := .venv/bin
CODE := framework emulator applets tests
TYPED := framework emulator applets

demo:
	@.ci/setup demo
	@$(BIN)/yohaku demo

test:
	@.ci/setup test
	@$(BIN)/python -m pytest --numprocesses=auto --dist=loadgroup $(PYTEST)

lint:
	@.ci/setup dev
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	@$(MAKE) --no-print-directory types layers

types:
	@.ci/setup dev
	$(BIN)/mypy $(TYPED)
	$(BIN)/pyright --pythonpath $(BIN)/python $(TYPED)

layers:
	@.ci/setup dev
	$(BIN)/lint-imports

docs:
	@.ci/setup demo
	$(BIN)/yohaku schema document --all specs/applets
	$(BIN)/yohaku schema rules --markdown specs/rules.md

check-docs: docs
	@test -z "$$(git status --porcelain specs)" || { git --no-pager diff specs; git status --short specs; \
		echo "specs/ is not what its generators write: run make docs and commit"; exit 1; }

bench: bench-codec bench-emulator bench-link bench-testing bench-fuzz

bench-codec:
	@.ci/setup dev
	$(BIN)/python tests/benchmarks/codec/run.py --setup --write specs/benchmarks/codec.md

bench-emulator:
	@.ci/setup dev
	$(BIN)/python tests/benchmarks/emulator/run.py --setup --write specs/benchmarks/emulator.md

bench-testing:
	@.ci/setup dev
	$(BIN)/python tests/benchmarks/testing/run.py --write specs/benchmarks/testing.md

bench-fuzz:
	@.ci/setup dev
	$(BIN)/python tests/benchmarks/fuzz/run.py --setup --write specs/benchmarks/fuzz.md

bench-link:
	@.ci/setup dev
	$(BIN)/python tests/benchmarks/link/run.py --write specs/benchmarks/link.md

quality:
	@.ci/setup dev
	$(BIN)/python tests/quality/planted/bench.py --write specs/benchmarks/planted.md

mutate-codec:
	@.ci/setup dev
	nice -n 15 $(BIN)/python tests/quality/codec/mutate.py --write specs/benchmarks/mutation.md

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
