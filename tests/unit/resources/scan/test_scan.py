import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from entrypoint.agent.source import agent_source
from entrypoint.resources.scan import Findings, scan
from entrypoint.runtime.errors import Place

TESTS = Path(__file__).parents[3]
IDIOMS = TESTS / "idioms"
_USES = re.compile(r"#\s*uses: (.*?)(?:\s*# obo-at-load)?$")


def findings(folder: Path) -> Findings:
    config = folder / "config.yml"
    agent = agent_source.read(folder / "agent.py", "agent.py")
    return scan(
        agent.text,
        agent.place,
        folder,
        lambda file, line, column: Place(file.as_posix(), line, column),
        yaml.safe_load(config.read_text()) if config.is_file() else None,
    )


def expected(folder: Path) -> tuple[set[str], set[str]]:
    """What the comments say: uses and early clients, each with file and line."""
    uses, early = set(), set()
    for file in sorted(folder.rglob("*.py")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            where = f"{file.relative_to(folder)}:{number}"
            if said := _USES.search(line):
                uses |= {f"{where} {each.strip()}" for each in said[1].split(";")}
            if "# obo-at-load" in line:
                early.add(where)
    return uses, early


def as_comments(found: Findings) -> Iterator[str]:
    for use in found.uses:
        assert use.place
        user = " (user)" if use.on_behalf_of_user else ""
        yield f"{use.place.file}:{use.place.line} {use.kind} {use.name or '?'}{user}"


@pytest.mark.parametrize("folder", sorted(IDIOMS.glob("*/")), ids=lambda folder: folder.name)
def test_what_the_code_uses_is_found_and_nothing_else(folder: Path) -> None:
    uses, early = expected(folder)
    found = findings(folder)

    assert set(as_comments(found)) == uses
    assert {f"{place.file}:{place.line}" for place in found.pitfalls.early_user_clients} == early


def test_every_name_of_settings_put_together_is_known() -> None:
    found = findings(TESTS / "cases" / "names-not-followed" / "repo")

    assert [use.name for use in found.uses] == [
        "chat-small",
        "main.tools.one",
        "main.tools.two",
        "01f0c7a8e5b61d3f9a2b4c6d8e0f1a2b",
    ]


def test_comments_without_end_are_no_statement_and_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(
        "from databricks import sql\n"
        f"sql.connect(http_path='/sql/1.0/warehouses/w').cursor().execute('{'/**/ ' * 390}x')\n"
    )

    assert [use.kind for use in findings(tmp_path).uses] == ["sql_warehouse"]
