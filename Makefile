SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BUNDLE ?= semantic_genesis
BIN := $(CURDIR)/.venv/bin

# One thread a process: the suite runs two processes, and more threads than cores slow both down.
export OMP_NUM_THREADS ?= 1

.PHONY: help demo study-demo test test-download test-label lint clean

help:
	@echo "make demo [BUNDLE=$(BUNDLE)]   see a method run on the embedded sample"
	@echo "make study-demo                  see a small study: starts, label shares, seeds, tests, figures"
	@echo "make test                        format, lint, types, import directions, tests"
	@echo "make test-download               pack every bundle, download it, run it where medssl is not installed"
	@echo "make test-label                  pack every bundle, serve it by MONAI Label, annotate and train"
	@echo "make lint                        the same without the tests"
	@echo "make clean                       remove the environment and what the tools cached"

# torch comes first and alone, so that the build of it (CPU or CUDA) is decided by pip's own settings only.
.venv/.ready: pyproject.toml constraints.txt
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check "torch==2.13.0"
	$(BIN)/python -m pip install --disable-pip-version-check -e ".[dev]" -c constraints.txt
	touch $@

lint: .venv/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

test: .venv/.ready
	@start=$$SECONDS; \
	$(MAKE) --no-print-directory lint; \
	$(BIN)/python -m pytest -n 2 --dist loadfile; \
	echo "make test: $$((SECONDS - start)) s after the environment was there"

# Makes the environments of those who download, in .venv-download; a bundle stays with one process.
test-download: .venv/.ready
	@start=$$SECONDS; \
	$(BIN)/python -m pytest tests/download -m download -n 2; \
	echo "make test-download: $$((SECONDS - start)) s after the environment was there"

# Makes the environment of an annotator, in .venv-label, and one server a bundle.
test-label: .venv/.ready
	@start=$$SECONDS; \
	$(BIN)/python -m pytest tests/label -m label; \
	echo "make test-label: $$((SECONDS - start)) s after the environment was there"

# What comes before the fine-tuning: the bundle's preparation, if it has one, and its pre-training.
FIRST = $(foreach step,discover match survey pretrain,$(if $(wildcard bundles/$(BUNDLE)/configs/$(step).json),$(step)))
RUN = PYTHONWARNINGS="ignore:parsing config_file" $(BIN)/python -m monai.bundle run --config_file

demo: .venv/.ready
	@start=$$SECONDS; unset OMP_NUM_THREADS; cd bundles/$(BUNDLE); rm -rf eval/demo; \
	for step in $(FIRST); do $(RUN) "['configs/$$step.json','configs/demo.json']"; done; \
	$(BIN)/python -m medssl study ../../docs/evidence/$(BUNDLE)_demo.json; \
	echo "pictures:"; find eval/demo -name "*.png" -not -path "*/sample/*" | sort | sed "s|^|  bundles/$(BUNDLE)/|"; \
	echo "make demo: $$((SECONDS - start)) s after the environment was there"

# Two processes share the runs; the third call finds all of them done and prints the report.
study-demo: .venv/.ready
	@start=$$SECONDS; output=bundles/dira/eval/study_demo; rm -rf $$output; mkdir -p $$output; \
	$(BIN)/python -m medssl study docs/evidence/study_demo.json > $$output/second.log 2>&1 & second=$$!; \
	$(BIN)/python -m medssl study docs/evidence/study_demo.json > /dev/null; wait $$second; \
	$(BIN)/python -m medssl study docs/evidence/study_demo.json; \
	echo "tables and figures:"; find $$output -maxdepth 1 -type f | sort | sed "s|^|  |"; \
	echo "make study-demo: $$((SECONDS - start)) s after the environment was there"

clean:
	rm -rf .venv .venv-download .venv-label .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist common/*.egg-info
