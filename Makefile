# `make figures` and `make test` are all that most users need. Both set up .venv in this folder when it is missing.
SHELL := /bin/bash
PYTHON ?= python3
# Another wheel index for torch, e.g. a CUDA build: make figures TORCH_INDEX=URL
TORCH_INDEX ?=
# A folder with local copies of the raw data: make paper MIRROR=DIR
MIRROR ?=
CORES ?= all

export PATH := $(CURDIR)/.venv/bin:$(PATH)
ifneq ($(MIRROR),)
export QCOMM_MIRROR := $(abspath $(MIRROR))
endif

READY := .venv/.ready
TORCH := $(shell grep '^torch==' requirements.lock)
# The index that torch came from; when another one is asked for, the environment is set up again.
PIP := .venv/bin/python -m pip install --quiet --disable-pip-version-check
INDEX := .venv/.torch-index

.PHONY: all force figures test test-long smoke paper reference benchmark benchmark-engine benchmark-graphs \
	benchmark-diffusion benchmark-scale report timings lint format clean help

all: figures

help: ## show the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 24

$(INDEX): force
	@mkdir -p .venv && touch -a $@
	@test -z '$(TORCH_INDEX)' || echo '$(TORCH_INDEX)' | cmp -s - $@ || echo '$(TORCH_INDEX)' > $@

$(READY): requirements.lock pyproject.toml $(INDEX)
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "error: Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; try make PYTHON=python3.12")'
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	$(PIP) $(if $(TORCH_INDEX),--force-reinstall --no-deps --index-url $(TORCH_INDEX)) $(TORCH)
	$(PIP) -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

figures: $(READY) ## every figure and table of the embedded configuration
	snakemake --cores $(CORES)

test: $(READY) ## the tests
	python -m pytest -m "not long"

test-long: $(READY) ## the tests that take long
	python -m pytest -m long

smoke: $(READY) ## every stage once on tiny settings
	snakemake --cores $(CORES) --configfile config/smoke.yaml

paper: $(READY) ## the paper's grid as far as its data can be had; says what could not
	python workflow/paper.py --cores $(CORES)

reference: $(READY) ## the part of the paper's grid whose tables are under reference/ (needs MIRROR=DIR; hours)
	snakemake --cores $(CORES) --configfile config/paper.yaml config/reference.yaml -- tables

# The peers need versions of their own of some packages; everything else is taken from .venv through a path file.
.venv-bench/.ready: $(READY) benchmarks/requirements.txt
	test -x .venv-bench/bin/python || .venv/bin/python -m venv .venv-bench
	.venv/bin/python -c 'import site; print(site.getsitepackages()[0]); print("$(CURDIR)/src")' > qcomm.pth
	mv qcomm.pth "$$(.venv-bench/bin/python -c 'import site; print(site.getsitepackages()[0])')"
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	touch $@

benchmark: benchmark-engine benchmark-graphs benchmark-diffusion benchmark-scale ## all benchmarks, into results-benchmark/ (an hour; MIRROR=DIR for all graph sets)

benchmark-engine: .venv-bench/.ready ## the quantum engine against other simulators
	.venv-bench/bin/python benchmarks/engine.py --out results-benchmark

benchmark-graphs: $(READY) ## graph training against a plain PyTorch implementation (MIRROR=DIR for all sets)
	python benchmarks/graph_training.py --out results-benchmark

benchmark-diffusion: $(READY) ## hop features at the size of ogbn-products against scipy and torch (20 GB of disk)
	python benchmarks/diffusion.py --out results-benchmark

benchmark-scale: $(READY) ## time and memory from 10^3 to 2.4 million nodes (15 GB of disk)
	python benchmarks/scale.py --out results-benchmark

report: $(READY) ## report.html: the graph of jobs, their code and run times
	snakemake --report report.html

timings: $(READY) ## seconds and memory per stage, and the critical path, of the embedded run
	python -m qcomm.audit.timings results figures data/raw

lint: $(READY) ## formatting and lint
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	snakemake --lint

format: $(READY) ## format all code
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow

clean: ## delete results, keep data and environment
	rm -rf results* logs* figures-* .snakemake
