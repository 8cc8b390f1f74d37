# What people and CI run. Needs Python 3.11 or later, git and make; uv is used where there is one.
.PHONY: demo test check lint format bench replay storm kills clean environment strict fuzz
.NOTPARALLEL:

PYTHON = .venv/bin/python
WORKERS ?= 2

# The environment is the checkout's own, whatever is set where make was called.
unexport CLAUDE_PLUGIN_DATA PYTHONPATH PYTHONHOME VIRTUAL_ENV

demo: ## a whole run with scripted agents, in a scratch repository
	@sh bin/parallel-agents demo

test: environment ## every test
	$(PYTHON) -m pytest -n $(WORKERS) --dist loadgroup

check: lint test ## what CI runs

lint: environment
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy

format: environment
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

bench: environment ## speed, against what the machine can do at best; SUBJECTS="store lock" for some of it
	PYTHONPATH=server $(PYTHON) -m benchmarks $(SUBJECTS)

replay: environment ## plans compared on the histories of REPOS, against git's own merges
	PYTHONPATH=server $(PYTHON) -m benchmarks.independence $(REPOS)

storm: environment ## a million claims by up to 64 processes; faults at every system call; conformance, long
	PYTHONPATH=server:tests $(PYTHON) -m storms $(STORM)
	CRASHES=full $(PYTHON) -m pytest -n $(WORKERS) tests/crashes
	PARALLEL_AGENTS_CONFORMANCE=long $(PYTHON) -m pytest -n $(WORKERS) tests/conformance

kills: environment ## merges killed with SIGKILL: 50 at any moment, 40 while they land
	PYTHONPATH=server:tests $(PYTHON) -m merges $(KILLS)

fuzz: environment ## a hundred thousand broken and hostile commands, put to the shell guard
	PYTHONPATH=server:tests $(PYTHON) -m shell.fuzzing $(FUZZ)

strict: environment ## what strict mode alone keeps of the corpora's writes
	PYTHONPATH=server:tests $(PYTHON) -m strict.corpora $(STRICT)

clean:
	rm -rf .venv .venv.* .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -prune -exec rm -rf {} +

environment:
	@sh server/environment.sh .venv dev
