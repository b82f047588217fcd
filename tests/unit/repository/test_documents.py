"""The documents: what they name in the repository is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROOMS = {each.name for each in (ROOT / "entrypoint").iterdir() if each.is_dir()}
FOLDERS = {"benchmarks", "docs", "doubles", "entrypoint", "examples", "scripts", "tests"}
DOCUMENTS = [
    document.relative_to(ROOT).as_posix()
    for folder in (".github", *sorted(FOLDERS), "")
    for document in sorted((ROOT / folder).glob("**/*.md" if folder else "*.md"))
    # What was true at its time stays written in the changelog.
    if document.name != "CHANGELOG.md" and "node_modules" not in document.parts
]


def named(text: str) -> set[str]:
    """The repository's files and folders that a document names in code spans."""
    spans = re.findall(r"`([a-z_]+/[\w./*-]*)`", text)
    return {span for span in spans if span.partition("/")[0] in FOLDERS | ROOMS}


def is_there(name: str, document: Path) -> bool:
    """Whether there is one: below the root, the package or the document's folder."""
    bases = (ROOT, ROOT / "entrypoint", document.parent)
    return any(
        next(base.glob(f"{name.rstrip('/')}{suffix}"), None)
        for base in bases
        for suffix in ("", ".py")
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_names_is_there(document: str) -> None:
    path = ROOT / document

    assert [name for name in named(path.read_text()) if not is_there(name, path)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_what_is_there(document: str) -> None:
    path = ROOT / document
    links = re.findall(r"\]\(([^)\s#]+)[^)]*\)", path.read_text())

    local = [link for link in links if not link.startswith(("http://", "https://", "mailto:"))]
    assert [link for link in local if not (path.parent / link).exists()] == []
