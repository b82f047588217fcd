"""Which reads are noted, in an interpreter of their own: an audit hook can't be taken off."""

import json
import subprocess
import sys
from pathlib import Path

AGENT = """
import json, os
from entrypoint.agent.worker import file_observer

noted = file_observer.begin(os.getcwd() + "/", [os.getcwd() + "/"])
for name in ("prompt.md", "prompt.md", "tools.py", "nowhere.md", os.devnull, b"bytes.md"):
    try:
        open(name).close()
    except FileNotFoundError:
        pass
open("written.md", "w").close()
json.load(open("settings.json"))
print(json.dumps(noted))
"""


def test_what_the_agent_reads_of_the_checkout_is_noted_once_with_its_line(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    for name in ("prompt.md", "tools.py", "bytes.md"):
        (folder / name).touch()
    (folder / "settings.json").write_text("{}", encoding="utf-8")
    (folder / "agent.py").write_text(AGENT, encoding="utf-8")
    root = Path(__file__).parents[4]

    run = subprocess.run(
        [sys.executable, folder / "agent.py"],
        cwd=folder,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )

    agent = str(folder / "agent.py")
    assert json.loads(run.stdout) == [
        {"path": str(folder / "prompt.md"), "file": agent, "line": 8},
        {"path": str(folder / "bytes.md"), "file": agent, "line": 8},
        {"path": str(folder / "settings.json"), "file": agent, "line": 12},
    ]
