# Two commands do all the set-up on a fresh machine: `make run` and `make test`.
UV := $(shell command -v uv || echo .tools/uv)
RUN := $(UV) run --no-sync

.PHONY: run test check format clean

run: .venv/installed
	@$(RUN) python -m tests.doubles.runner \
		--agent-path examples/responses/agent.py \
		--model-config examples/responses/config.yml \
		--input-example examples/responses/input_example.json \
		--uc-target prod.agents.support \
		--aliases champion \
		--tracking-uri embedded \
		--cache-dir .log-agent/cache

test: .venv/installed
	$(RUN) pytest --numprocesses=auto --dist=loadfile

check: .venv/installed
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy
	$(RUN) zizmor --offline --quiet .
	$(RUN) check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(RUN) check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(RUN) hadolint Dockerfile

format: .venv/installed
	$(RUN) ruff format
	$(RUN) ruff check --fix

clean:
	rm -rf .venv .tools .log-agent .mypy_cache .pytest_cache .ruff_cache

# The lock file says everything that is installed, with its hash; uv itself is in it too.
.venv/installed: uv.lock pyproject.toml | $(UV)
	$(UV) sync --locked --quiet
	@touch $@

.tools/uv: scripts/get_uv.py
	python3 scripts/get_uv.py uv.lock $@
