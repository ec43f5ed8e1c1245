# `make` lists the targets. The first that needs it makes .venv from the lock files.

PYTHON ?= python3.14 python3.13 python3.12 python3.11 python3# tried in this order
MADE := .venv/made-in# names the folder .venv was made for; written when it is complete
PY = PATH="$(CURDIR)/.venv/bin:$$PATH" "$(CURDIR)/.venv/bin/python"
PIP = .venv/bin/python -m pip --require-virtualenv --disable-pip-version-check -q install --no-user
LOCK = $(PY) -m uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header $(if $(UPGRADE),--upgrade)

# A workspace would look for a relative path from its own folder.
ifdef MNIST_DIR
ifeq ($(filter /%,$(MNIST_DIR)),)
override MNIST_DIR := $(CURDIR)/$(MNIST_DIR)
endif
export MNIST_DIR
endif

# Another environment may be active; none of it reaches ours.
unexport VIRTUAL_ENV CONDA_PREFIX PYTHONPATH PYTHONHOME PYTHONSAFEPATH

.PHONY: help repro quick full stretch results experiments test check dashboard bench torch lock clean scm moved

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

repro: scm ## run the pipeline: only what changed runs again
	@$(PY) -m dvc repro
	@echo 'Open reports/index.html; to browse every trial: make dashboard'

quick: $(MADE) ## the pipeline in less than a minute, in a workspace of its own
full: $(MADE) ## all 70,000 images of MNIST, from the folder MNIST_DIR: an hour and a half at most
stretch: $(MADE) ## the same images: dropout, smoothed labels and wider layers: half an hour
quick full stretch:
	@$(PY) -m pipeline workspace $@
	@cd workspaces/$@ && $(PY) -m dvc repro
	@echo 'Open workspaces/$@/reports/index.html'

results: torch ## docs/results.md from these two, only of sources that are committed
	@$(PY) -m analysis results --check
	@$(MAKE) --no-print-directory full stretch
	@$(PY) -m analysis results

experiments: scm ## the experiments of five write-ups, beside what they published
	@$(PY) -m dvc repro experiments/dvc.yaml
	@echo 'Open experiments/reports/notebooks/published.html'

test: $(MADE) ## run every test
	@$(PY) -m pytest -n logical --dist loadfile

check: $(MADE) ## what CI runs: lint, format, types, installed versions, tests
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy
	@$(PY) -m pip check
	@$(MAKE) --no-print-directory test

dashboard: $(MADE) ## browse every trial, from here only; PORT=8080, WRITE=1 to edit, IN=full
	@[ -d workspaces/$(IN) ] || $(call fail,workspaces/$(IN) is not there; run make $(IN))
	@cd $(if $(IN),workspaces/$(IN),.) && $(PY) -m studies dashboard $(if $(PORT),--port $(PORT)) $(if $(filter 1,$(WRITE)),--write)

bench: scm ## time the trainer beside its limit and its peers; WHAT=engine, growth, search, …
	@$(PY) -m dvc repro -q prepare
	@$(PY) -m benchmarks.$(or $(WHAT),trainer)

torch: $(MADE) ## add PyTorch to .venv: the tests and the bench then compare with it
	@$(PIP) torch==2.13.0

lock: $(MADE) ## renew the lock files from pyproject.toml; UPGRADE=1 takes newer versions
	@$(LOCK) pyproject.toml --all-extras -o requirements.lock
	@printf 'setuptools>=77\nwheel\n' | \
		$(LOCK) - --no-annotate --constraint requirements.lock -o build.lock

clean: ## remove .venv, caches, data, reports, workspaces; studies/live (your trials) stays
	rm -rf .venv build *.egg-info data reports dvc.lock .dvc/cache .dvc/tmp
	find workspaces -mindepth 2 -type f ! -path '*/studies/live/*' -delete
	find workspaces -mindepth 1 -type d -empty -delete
	rm -rf experiments/data experiments/reports experiments/dvc.lock
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# DVC wants to be told when no git repository tracks this folder, as in an unpacked archive.
scm: $(MADE)
	@if git ls-files --error-unmatch dvc.yaml >/dev/null 2>&1; then \
		! grep -qs no_scm .dvc/config.local || $(PY) -m dvc config --local --unset core.no_scm; \
	else \
		grep -qs no_scm .dvc/config.local || $(PY) -m dvc config --local core.no_scm true; \
	fi

# A half-made environment is made anew, and so is one that was moved or copied here.
# A complete one, yours too, is brought up to date in place.
$(MADE): build.lock requirements.lock
	@[ -e .venv/pyvenv.cfg ] && [ ! -e .venv/unfinished ] && $(NOT_MOVED) && \
		.venv/bin/python -c '$(RECENT)' 2>/dev/null || { $(NEW_VENV); }
	@touch .venv/unfinished
	@.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip
	@{ $(PIP) --require-hashes -r build.lock && \
		$(PIP) --require-hashes --no-build-isolation -r requirements.lock && \
		$(PIP) --no-deps --no-build-isolation --no-index -e .; } || $(call fail,\
		installing into .venv stopped; mend what pip says and run make again)
	@rm .venv/unfinished && pwd -P > $(MADE)

RECENT = import sys; sys.exit(sys.version_info < (3, 11))
NOT_MOVED = [ "$$(cat $(MADE) 2>/dev/null || pwd -P)" = "$$(pwd -P)" ]
NEW_VENV = for python in $(PYTHON) ''; do \
	"$$python" -c 'import ensurepip, venv; $(RECENT)' 2>/dev/null && break; done; \
	[ "$$python" ] || $(call fail,no Python >= 3.11 with venv and ensurepip found;\
	install one (Debian and Ubuntu: apt install python3-venv) or run make PYTHON=/its/path); \
	echo "Making .venv with $$("$$python" -V): a few minutes, once"; \
	rm -rf .venv/bin .venv && mkdir .venv && touch .venv/unfinished && "$$python" -m venv .venv
fail = { echo 'error: $(strip $(1))' >&2; exit 1; }

ifneq ($(shell $(NOT_MOVED) || echo moved),)
$(MADE): moved
endif
