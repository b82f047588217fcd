"""What changes in the code, line by line."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrypoint.comparison import code
from entrypoint.comparison.changes import FileChange
from entrypoint.comparison.model_file import File
from entrypoint.comparison.snapshot import MAX_TEXT_SIZE, Snapshot

MANY = 100_000


class Agents:
    """Two agents, each with its files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def changes(
        self, before: dict[str, str | bytes], after: dict[str, str | bytes]
    ) -> list[FileChange]:
        old, new = self._snapshot("before", before), self._snapshot("after", after)
        return list(code.changes(old, new, lambda text: text.replace("s3cret", "***")))

    def change(self, before: str | bytes, after: str | bytes) -> FileChange:
        (found,) = self.changes({"agent.py": before}, {"agent.py": after})
        return found

    def _snapshot(self, name: str, texts: dict[str, str | bytes]) -> Snapshot:
        files, places = {}, {}
        for path, text in texts.items():
            content = text if isinstance(text, bytes) else text.encode()
            places[path] = self._folder / name / path
            places[path].parent.mkdir(parents=True, exist_ok=True)
            places[path].write_bytes(content)
            files[path] = File(len(content), hashlib.sha256(content).hexdigest())
        return Snapshot(code=files, places=places)


@pytest.fixture
def agents(tmp_path: Path) -> Agents:
    return Agents(tmp_path)


def test_files_that_come_go_and_change(agents: Agents) -> None:
    before: dict[str, str | bytes] = {"agent.py": "a\nb\n", "code/old.py": "x\n", "code/s.py": "s"}
    after: dict[str, str | bytes] = {"agent.py": "a\nc\n", "code/new.py": "y\nz", "code/s.py": "s"}

    assert agents.changes(before, after) == [
        FileChange("agent.py", "changed", 1, 1, "@@ -1,2 +1,2 @@\n a\n-b\n+c"),
        FileChange("code/new.py", "added", 2, 0, "@@ -0,0 +1,2 @@\n+y\n+z"),
        FileChange("code/old.py", "removed", 0, 1, "@@ -1 +0,0 @@\n-x"),
    ]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"text\0", "é".encode("latin-1")])
def test_what_is_no_text_has_no_diff(agents: Agents, content: bytes) -> None:
    assert agents.change("a\n", content) == FileChange("agent.py", "changed")


def test_a_huge_file_that_is_all_another_is_only_counted(agents: Agents) -> None:
    old = "\n".join(f"a{number}" for number in range(MANY))
    new = "\n".join(f"b{number}" for number in range(MANY + 1))

    assert agents.change(old, new) == FileChange("agent.py", "changed", MANY + 1, MANY, "")


def test_many_files_are_compared_as_long_as_it_does_not_take_long(agents: Agents) -> None:
    def texts(letter: str) -> dict[str, str | bytes]:
        return {
            f"{file:02}.py": "\n".join(f"{letter}{line}" for line in range(2000))
            for file in range(5)
        }

    found = agents.changes(texts("a"), texts("b"))

    assert {(each.added_lines, each.removed_lines) for each in found} == {(2000, 2000)}
    assert [bool(each.diff) for each in found] == [True, True, False, False, False]


def test_too_large_a_file_is_only_known_to_differ(agents: Agents) -> None:
    found = agents.change("a", "b" * (MAX_TEXT_SIZE + 1))

    assert found == FileChange("agent.py", "changed")


def test_a_long_line_is_cut_and_a_long_diff_too(agents: Agents) -> None:
    found = agents.change("", "\n".join(["x" * 900_000, *map(str, range(500))]))

    lines = found.diff.splitlines()
    assert len(lines) == 81
    assert max(map(len, lines)) <= 241
    assert lines[-1] == "… 422 more lines"
    assert found.added_lines == 501


def test_a_secret_is_taken_out_before_a_line_is_cut(agents: Agents) -> None:
    found = agents.change("s3cret\n", "x" * 237 + "s3cret")

    assert "s3" not in found.diff
    assert "-***" in found.diff


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "agent.py"
    os.mkfifo(pipe)

    snapshot = Snapshot(code={"agent.py": File(0)}, places={"agent.py": pipe})

    assert snapshot.content("agent.py") is None


def test_files_of_which_only_sizes_are_known() -> None:
    new = Snapshot(code={"a.py": File(1, "00"), "b.py": File(2, "11")})
    old = replace(new, code={"a.py": File(1), "b.py": File(3)})

    assert list(code.changes(old, new, str)) == [FileChange("b.py", "changed")]
    assert code.is_unknown(old, new)
    assert not code.is_unknown(replace(old, code={"b.py": File(3)}), new)


@pytest.mark.parametrize("size", [1, MANY])
def test_a_huge_file_that_is_new_is_shown(agents: Agents, size: int) -> None:
    (found,) = agents.changes({}, {"new.py": "x\n" * size})

    assert found.added_lines == size
    assert found.diff.startswith("@@ -0,0 +1")


lines = st.lists(st.sampled_from(["a", "b", "c", " ", "-", "+"]), max_size=40)


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(lines, lines)
def test_a_diff_is_one_that_patch_takes(
    agents: Agents, before: list[str], after: list[str]
) -> None:
    old, new = ("".join(f"{line}\n" for line in each) for each in (before, after))

    found = agents.changes({"agent.py": old}, {"agent.py": new})

    assert bool(found) == (old != new)
    for each in found:
        assert len(before) + each.added_lines - each.removed_lines == len(after)
        assert applied(each.diff, before) == after


def applied(diff: str, before: list[str]) -> list[str]:
    """The text after a diff, read as the format says: by the line numbers of its hunks."""
    after: list[str] = []
    position = 0
    for line in diff.split("\n"):
        if line.startswith("@@"):
            # A length of 1 is left out.
            start, length = map(int, f"{line.split()[1][1:]},1".split(",")[:2])
            begin = start - 1 if length else start
            after += before[position:begin]
            position = begin
        elif line[0] in " -":
            assert before[position] == line[1:]
            position += 1
            after += [line[1:]] if line[0] == " " else []
        else:
            after.append(line[1:])
    return after + before[position:]
