"""Processes that outlive their stage change nothing of what is published, and don't outlive it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doubles.runner import PULL_REQUEST
from tests.container.attacks import REGISTER, agent
from tests.container.listener import HOST_NETWORK, listening
from tests.container.test_attacks_published import assert_honest_or_refused
from tests.container.victim import Victim

pytestmark = pytest.mark.exhaustive

# Sleeping processes, each the parent of the next, so that ending one leaves the next to be ended.
# The last one, which is ended last, acts. Every one of them is in a session of its own.
CHAIN = """
def chain(length, act):
    reading, writing = os.pipe()
    if os.fork():
        os.read(reading, 1)
        return
    os.setsid()
    for _ in range(length):
        if os.fork():
            while True:
                time.sleep(3600)
        os.setsid()
    try:
        os.write(writing, b"!")
        act()
    finally:
        os._exit(0)
"""
# Writes when the model's files are linked or copied into what is published: after they are checked.
# `held` is another name of the file, outside of the model.
REWRITE_WHEN_LINKED = r"""
libc = ctypes.CDLL(None)
IN_ATTRIB, IN_CLOSE_NOWRITE = 0x4, 0x10

def rewrite_when_linked():
    model = scratch() / "build/model"
    while not (model / "MLmodel").exists():
        time.sleep(0.01)
    held = scratch() / "home/held"
    try:
        os.link(model / "agent.py", held)
    except OSError:
        held = model / "agent.py"
    notices = libc.inotify_init1(0)
    libc.inotify_add_watch(notices, os.fsencode(held), IN_ATTRIB)
    note("waiting")
    os.read(notices, 4096)
    with open(held, "a") as file:
        file.write("\nprint('evil')\n")
    note("rewritten")
"""
REWRITE_ALL_THE_TIME = r"""
def rewrite_all_the_time():
    note("waiting")
    while True:
        for model in pathlib.Path("/var/tmp").glob("log-agent-*/**/model/agent.py"):
            attempt(lambda model=model: model.write_text("print('evil')\n"))
"""


@pytest.mark.parametrize(
    ("program", "act"),
    [
        (REWRITE_WHEN_LINKED, "rewrite_when_linked"),
        (REWRITE_ALL_THE_TIME, "rewrite_all_the_time"),
    ],
    ids=["when it is linked", "all the time"],
)
def test_a_survivor_does_not_change_what_is_published(
    victim: Victim, clean_workspace: Path, program: str, act: str
) -> None:
    attack = f"{CHAIN}{program}\nif not VERIFYING:\n    chain(150, {act})\n"
    victim.check_out(agent(attack))

    step = victim.run(REGISTER, options=["--pids-limit=2000"])

    assert "waiting" in victim.noted()
    assert_honest_or_refused(victim, clean_workspace, step)


# Ways to be nobody's child whom the job knows.
SURVIVORS = {
    "daemon": "daemon(lambda: time.sleep(3600))",
    "chain": "chain(130, lambda: time.sleep(3600))",
    "comet": """
def comet():
    while True:
        if os.fork():
            os._exit(0)
        os.setsid()

for _ in range(8):
    if not os.fork():
        comet()
""",
    "deaf": """
def deaf():
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
    for number in range(1, 32):
        attempt(lambda number=number: signal.signal(number, signal.SIG_IGN))
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(3600)

daemon(deaf)
""",
}


@contextmanager
def processes_when_asked(victim: Victim, found: list[str]) -> Iterator[None]:
    """Note which processes there are when the job speaks to GitHub, which it does at its end."""
    folder = victim.workspace.parent / "nothing"
    folder.mkdir()

    def look() -> None:
        top = victim.engine.docker("top", victim.runner.container, "-eo", "uid,stat,pid,args")
        found.append(top.stdout)

    with listening(folder, on_request=look) as github:
        victim.runner.api_url = github.at("127.0.0.1")
        yield


@pytest.mark.parametrize("kind", SURVIVORS)
def test_no_process_of_the_agent_is_left_when_the_stages_are_over(
    victim: Victim, kind: str
) -> None:
    victim.check_out(agent(f"{CHAIN}\nnote('began')\n{SURVIVORS[kind]}\n"))
    seen: list[str] = []

    with processes_when_asked(victim, seen):
        step = victim.run(
            {"github-token": "ghs_of_the_test"},
            event=PULL_REQUEST,
            options=[HOST_NETWORK, "--pids-limit=2000"],
        )

    assert "began" in victim.noted()
    assert step.status in (0, 1)
    assert seen
    processes = [line.split(maxsplit=3) for line in seen[0].splitlines()]
    left = [args for uid, stat, _, args in processes if uid == "65532" and not stat.startswith("Z")]
    # The control process's own, which kills the others.
    assert [args for args in left if not args.endswith("-m entrypoint")] == []
