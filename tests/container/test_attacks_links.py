"""A link in the checkout leads none of what the job writes or gives away anywhere else."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.container.attacks import COMMAND_FILES, REGISTER, agent
from tests.container.victim import Victim

pytestmark = pytest.mark.exhaustive

# The agent's account uses what it was given: git runs this when the next step asks for the status.
TAKE_GIT = """
try:
    with open("/github/workspace/.git/config", "a") as config:
        config.write("[core]\\n\\tfsmonitor = /github/workspace/agent/x\\n")
except OSError:
    pass
"""

# What the workflow names, the link that the commit has on the way there, and where it leads.
LINKS = {
    "cache": ({"cache-dir": ".cache/kept"}, ".cache/kept", "../.git"),
    "above the cache": ({"cache-dir": ".cache/kept"}, ".cache", ".git"),
    "cache in the checkout": ({"cache-dir": "kept"}, "kept", "docs"),
    "cache outside": ({"cache-dir": "kept"}, "kept", "/github/file_commands"),
    "nowhere yet": ({"cache-dir": "kept"}, "kept", ".git/new"),
    "report": ({"report-path": "report"}, "report", ".git/hooks"),
    "above the report": ({"report-path": "report/of/agent"}, "report", ".git"),
    "report outside": ({"report-path": "report"}, "report", "/github/file_commands"),
    "store": (REGISTER, ".log-agent", ".git"),
    "artifacts": (REGISTER, ".log-agent/artifacts", "../.git"),
    "artifacts outside": (REGISTER, ".log-agent/artifacts", "/github/runner_temp"),
    "database": (REGISTER, ".log-agent/mlflow.db", "../.git/new"),
}


@pytest.mark.parametrize(("inputs", "link", "target"), LINKS.values(), ids=LINKS)
def test_a_link_on_the_way_is_an_error_that_names_it(
    victim: Victim, inputs: dict[str, str], link: str, target: str
) -> None:
    victim.link(link, target)
    victim.check_out(
        {**agent(TAKE_GIT), "docs/index.md": "", **_kept_open(link)},
        cache=inputs.get("cache-dir", "") == "",
    )

    step = victim.run(inputs)

    assert victim.gains() == []
    assert step.status == 1
    assert any(f"`{link}`" in line for line in step.commands("error")), step.log


def _kept_open(link: str) -> dict[str, str]:
    """A neighbour of the link, so that its folder is the commit's too."""
    folder = Path(link).parent
    return {} if folder == Path() else {str(folder / "README"): ""}


@pytest.mark.parametrize("target", [f"{COMMAND_FILES}/model", "/github/workspace/.git/model"])
def test_a_committed_store_does_not_say_where_the_model_goes(
    victim: Victim, clean_workspace: Path, target: str
) -> None:
    database = victim.workspace / ".log-agent/mlflow.db"
    database.parent.mkdir()
    database.write_bytes((clean_workspace / ".log-agent/mlflow.db").read_bytes())
    with closing(sqlite3.connect(database)) as store, store:
        store.execute("DELETE FROM model_versions")
        store.execute("DELETE FROM registered_models")
        store.execute("UPDATE experiments SET artifact_location = ?", (f"file://{target}",))
    victim.check_out(agent())

    step = victim.run(REGISTER)

    assert step.status in (0, 1)
    assert victim.gains() == []
    assert not [path for path in victim.runner.command_files.iterdir() if path.is_dir()]


def test_nothing_in_a_cache_is_given_away_through_a_link(victim: Victim) -> None:
    """Links inside the folders that the workflow names, as an earlier agent may have left them."""
    for name in ("uv", "python", "environments"):
        victim.link(f"kept/{name}", "../.git")
    victim.link("report/agent.log", "../.git/config")
    victim.link("report/result.json", "../.git/config")
    victim.check_out(agent(TAKE_GIT), cache=False)

    step = victim.run({"cache-dir": "kept", "report-path": "report"})

    assert step.status in (0, 1)
    assert victim.gains() == []
