"""The observer in programs of their own, as it is in the agent's process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from entrypoint.agent.worker import variable_observer
from entrypoint.resources.variables import ObservedRead, ObservedReads

FOLDER = Path(variable_observer.__file__).parent
PROGRAM = f"""
import json, os, sys, types
sys.path[:0] = ["agent", "library"]
sys.modules["worker"] = types.ModuleType("worker")
sys.modules["worker"].__path__ = [{str(FOLDER)!r}]
from worker import variable_observer
reads = variable_observer.begin([os.path.abspath("agent") + "/"])
import code_of_agent
print(json.dumps([getattr(code_of_agent, "answer", None), reads]))
"""
GIVEN = {"A": "secret-of-a", "B": "secret-of-b"}


def run(code: str, folder: Path, library: str = "") -> tuple[object, tuple[ObservedRead, ...]]:
    """What the agent's code leaves as `answer`, and what was noted while it ran."""
    for name, text in (("agent/code_of_agent.py", code), ("library/library.py", library)):
        (folder / name).parent.mkdir()
        (folder / name).write_text(f"import os\n{text}\n")
    program = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **GIVEN},
        check=True,
        capture_output=True,
        text=True,
    )
    assert not program.stderr
    answer, reads = json.loads(program.stdout)
    assert not any(value in json.dumps(reads) for value in GIVEN.values())
    return answer, TypeAdapter(ObservedReads).validate_python(reads)


def there(name: str) -> ObservedRead:
    return ObservedRead(name, was_there=True, by_agent=True)


def missing(name: str) -> ObservedRead:
    return ObservedRead(name, was_there=False, by_agent=True)


@pytest.mark.parametrize(
    ("expression", "answer", "read"),
    [
        ("os.environ['A']", "secret-of-a", there("A")),
        ("os.environ.get('A')", "secret-of-a", there("A")),
        ("os.environ.get('C')", None, missing("C")),
        ("os.environ.get('C', default='c')", "c", missing("C")),
        ("os.environ.get(key='A')", "secret-of-a", there("A")),
        ("os.getenv('A', 'c')", "secret-of-a", there("A")),
        ("os.getenv('C', 'c')", "c", missing("C")),
        ("'A' in os.environ", True, there("A")),
        ("'C' in os.environ", False, missing("C")),
        ("os.environ.pop('A')", "secret-of-a", there("A")),
        ("os.environ.pop('C', None)", None, missing("C")),
        ("os.environ.pop('C', default='c')", "c", missing("C")),
        ("os.environ.setdefault('C', 'c')", "c", missing("C")),
    ],
)
def test_a_read_gives_what_it_gave_and_is_noted(
    expression: str, answer: object, read: ObservedRead, tmp_path: Path
) -> None:
    assert run(f"answer = {expression}", tmp_path) == (answer, (read,))


@pytest.mark.parametrize(
    "code",
    [
        "answer = sorted(dict(os.environ)) == sorted(os.environ)",
        "answer = {**os.environ}['A'] == 'secret-of-a'",
        "answer = os.environ.copy()['A'] == 'secret-of-a'",
        "answer = (os.environ | {'C': 'c'})['A'] == 'secret-of-a'",
        "answer = {name: value for name, value in os.environ.items()}['A'] == 'secret-of-a'",
        "import subprocess\nanswer = subprocess.run(['true'], env={**os.environ}).returncode == 0",
        "os.environ['C'] = 'c'\ndel os.environ['C']\nanswer = 'C' not in list(os.environ)",
    ],
)
def test_a_copy_of_all_reads_none(code: str, tmp_path: Path) -> None:
    assert run(code, tmp_path) == (True, ())


def test_what_raises_raises_as_before(tmp_path: Path) -> None:
    code = "try:\n    os.environ['C']\nexcept KeyError as error:\n    answer = repr(error)"

    assert run(code, tmp_path) == ("KeyError('C')", (missing("C"),))


def test_of_a_library_only_what_is_there_is_noted(tmp_path: Path) -> None:
    library = "os.getenv('A')\nos.environ.get('NOBODY_HAS_IT')"

    _, reads = run("import library\nos.environ['B']", tmp_path, library)

    assert reads == (ObservedRead("A", was_there=True, by_agent=False), there("B"))


def test_the_notes_are_bounded(tmp_path: Path) -> None:
    code = (
        "os.environ.get('L' * 201)\nfor number in range(400):\n    os.environ.get(f'NAME_{number}')"
    )

    _, reads = run(code, tmp_path)

    assert len(reads) == 300
