# Two commands do all the set-up on a fresh machine: `make run` and `make test`.
UV := $(shell command -v uv || echo .tools/uv)
RUN := $(UV) run --no-sync

.PHONY: run test test-all check format bench pictures clean

run: .venv/installed
	@$(RUN) python -m doubles.runner \
		--agent-path examples/responses/agent.py \
		--uc-target prod.agents.support \
		--aliases champion \
		--tracking-uri embedded \
		--cache-dir .log-agent/cache

# Whole files go to a worker, for their tests share servers; in the order of their folders, the
# slowest come first.
PYTEST := $(RUN) pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder

# What a change is tried with; `TESTS=tests/unit/inputs` runs all of what it names instead.
test: .venv/installed
	$(PYTEST) $(or $(TESTS),-m "not exhaustive")

test-all: .venv/installed
	$(PYTEST)

check: .venv/installed
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy
	$(RUN) lint-imports --no-logo
	$(RUN) zizmor --offline --quiet --persona=pedantic .
	$(RUN) check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(RUN) check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(RUN) check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(RUN) check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml
	$(RUN) check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(RUN) hadolint Dockerfile

format: .venv/installed
	$(RUN) ruff format
	$(RUN) ruff check --fix

# Beside the driver script; takes `BENCH="--only small-*"`, and a quiet machine.
bench: .venv/installed
	@$(RUN) python -m benchmarks $(BENCH)

# The reports as GitHub shows them; needs npm and Chromium.
pictures: .venv/installed
	$(RUN) python -m scripts.pictures .log-agent/pictures
	cp .log-agent/pictures/changed-light-900.png docs/comment.png
	cp .log-agent/pictures/failed-dark-900.png docs/failure.png

clean:
	rm -rf .venv .tools .log-agent .mypy_cache .pytest_cache .ruff_cache
	rm -rf scripts/pictures/node_modules doubles/npm/node_modules

# The lock file says everything that is installed, with its hash; uv itself is in it too.
.venv/installed: uv.lock pyproject.toml | $(UV)
	$(UV) sync --locked --quiet
	@touch $@

.tools/uv: scripts/get_uv.py
	python3 scripts/get_uv.py uv.lock $@
