"""What untrusted code finds around it: no privileges, no secrets, nothing of the runner."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from doubles.package_index import make_wheel
from tests.container.attacks import REQUIREMENTS, agent, package
from tests.container.listener import HOST_NETWORK, listening
from tests.container.victim import Victim

pytestmark = pytest.mark.exhaustive

OF_THE_JOB = "of-the-job-4711"
OF_THE_INDEX = "of-the-index-4711"
PROBE = r"""
def readable(path):
    with open(path, "rb") as file:
        return file.read(16_000)

# The memory of a process in which the password would stand, if it is this account's.
def remembers(process):
    secret = b"-".join([b"of", b"the", b"index", b"4711"])
    with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights, *_ = line.split()
            start, end = (int(part, 16) for part in span.split("-"))
            if rights.startswith("rw") and end - start < 1 << 28:
                memory.seek(start)
                if secret in memory.read(end - start):
                    return True
    return False

def ancestors():
    process = os.getppid()
    while process > 1:
        yield process
        stat = pathlib.Path(f"/proc/{process}/stat").read_text()
        process = int(stat.rpartition(")")[2].split()[1])

def processes():
    own = os.getuid()
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield entry, entry.stat().st_uid == own
            except OSError:
                continue

def of_others(process):
    return {
        f"read {process}/{name}": attempt(lambda name=name: readable(process / name))
        for name in ("environ", "mem", "maps", "auxv", "syscall")
    } | {
        f"follow {process}/{name}": attempt(lambda name=name: os.readlink(process / name))
        for name in ("cwd", "root", "exe")
    } | {f"list {process}/fd": attempt(lambda: os.listdir(process / "fd"))}

def into(path, flags=os.O_WRONLY):
    os.close(os.open(path, flags))

def connect():
    import socket
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("/var/run/docker.sock")

def namespace():
    if ctypes.CDLL(None, use_errno=True).unshare(0x10000000):
        raise PermissionError

def mount():
    if ctypes.CDLL(None, use_errno=True).mount(b"/tmp", b"/mnt", None, 0x1000, None):
        raise PermissionError

def closed_files():
    folders = ("/github/file_commands", "/github/workflow", "/github/runner_temp")
    names = ("set_env", "set_output", "add_path", "save_state", "step_summary", "event.json",
             "git-credentials-1.config")
    return [f"{folder}/{name}" for folder in folders for name in names] + [
        "/github/workspace/.git/config", "/root/.bashrc", "/etc/shadow",
    ]

def probe(who):
    lines = open("/proc/self/status").read().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    others = [entry for entry, is_own in processes() if not is_own]
    own = [entry for entry, is_own in processes() if is_own and entry.name != str(os.getpid())]
    attempts = {}
    for path in closed_files():
        attempts[f"read {path}"] = attempt(lambda path=path: readable(path))
        attempts[f"write {path}"] = attempt(lambda path=path: into(path))
    for entry in others:
        attempts |= of_others(entry)
    for name in ("pre-commit", "config.lock", "HEAD"):
        path = f"/github/workspace/.git/{name}"
        flags = os.O_CREAT | os.O_WRONLY
        attempts[f"make {path}"] = attempt(lambda path=path: into(path, flags))
    attempts |= {
        "change the agent": attempt(lambda: into("/github/workspace/agent/agent.py")),
        "change the program": attempt(lambda: into("/opt/log-agent/pyvenv.cfg")),
        "change the interpreter": attempt(lambda: into("/usr/local/bin/python3.12")),
        "talk to the engine": attempt(connect),
        "namespace": attempt(namespace),
        "mount": attempt(mount),
        "root": attempt(lambda: os.setuid(0)),
        "link": attempt(lambda: os.link("/etc/shadow", scratch() / "home/shadow")),
    }
    found = {
        "who": who,
        "status": status,
        "ids": [*os.getresuid(), *os.getresgid(), *os.getgroups()],
        "environ": dict(os.environ),
        "attempts": attempts,
        "of own processes": {
            f"{entry}/{name}": attempt(lambda entry=entry, name=name: readable(entry / name))
            for entry in own for name in ("environ", "cmdline")
        },
        "remembered by": [
            process for process in ancestors()
            if attempt(lambda process=process: remembers(process)) == "done: True"
        ],
    }
    note(f"{who} {os.getpid()}", json.dumps(found))
"""
AGENT = PROBE + 'probe("agent")\n'
BACKEND = PROBE + 'probe("backend")\n'
ENVIRON = {
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": OF_THE_JOB,
    "ACTIONS_RUNTIME_TOKEN": OF_THE_JOB,
    "DATABRICKS_CLIENT_SECRET": OF_THE_JOB,
    "MLFLOW_TRACKING_PASSWORD": OF_THE_JOB,
    "GH_TOKEN": OF_THE_JOB,
    "BASH_ENV": "/github/workspace/agent/x",
    "ENV": "/github/workspace/agent/x",
    "NODE_OPTIONS": "--require=/github/workspace/agent/x",
    "PERL5OPT": "-Mx",
    "RUBYOPT": "-rx",
    "GIT_CONFIG_GLOBAL": "/github/workspace/agent/x",
    "LD_LIBRARY_PATH": "/github/workspace/agent",
    "PYTHONPATH": "/github/workspace/agent",
    "PYTHONSTARTUP": "/github/workspace/agent/x",
    # Beside the ordinary index; nothing is asked of it, for the others come first.
    "UV_INDEX_PRIVATE_USERNAME": "reader",
    "UV_INDEX_PRIVATE_PASSWORD": OF_THE_INDEX,
    "PIP_EXTRA_INDEX_URL": f"https://reader:{OF_THE_INDEX}@index.invalid/simple",
}
PREFIXES = ("GITHUB_", "ACTIONS_", "RUNNER_", "INPUT_", "LD_", "PIP_")


@pytest.fixture
def probes(victim: Victim, tmp_path: Path) -> list[dict[str, Any]]:
    """What each of them found: the backend at each of its starts, the agent in each stage."""
    requirements = f"{REQUIREMENTS}log-agent-tiny\n./pkg\n"
    index = tmp_path / "index"
    wheel = make_wheel(index / "simple/log-agent-tiny", "log-agent-tiny")
    (wheel.parent / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    victim.check_out({**agent(AGENT, requirements), **package(BACKEND)})
    with (victim.workspace / ".git/config").open("a") as config:
        config.write(f"[http]\n\textraheader = AUTHORIZATION: basic {OF_THE_JOB}\n")
    # Where `actions/checkout` of today keeps it.
    credentials = victim.workspace.parent / "runner_temp/git-credentials-1.config"
    credentials.write_text(f"[http]\n\textraheader = AUTHORIZATION: basic {OF_THE_JOB}\n")
    with listening(index, wants_password=True) as private:
        url = f"{private.at('127.0.0.1')}/simple"
        login = url.replace("//", f"//reader:{OF_THE_INDEX}@")
        env = {**ENVIRON, "UV_INDEX": f"private={url} {login}"}
        step = victim.run(env=env, options=[HOST_NETWORK])
    assert step.status == 0, step.log
    # It does get where it belongs.
    assert any(OF_THE_INDEX in asked for asked in private.requests)
    found = [json.loads(line) for text in victim.noted().values() for line in text.splitlines()]
    assert {probe["who"] for probe in found} == {"agent", "backend"}
    return found


def test_foreign_code_has_no_privileges_and_no_secrets(probes: list[dict[str, Any]]) -> None:
    """One job, and all that is wrong at once."""
    assert sorted({finding for probe in probes for finding in findings(probe)}) == []


def findings(probe: dict[str, Any]) -> list[str]:
    who, status, environ = probe["who"], probe["status"], probe["environ"]
    found = []
    if set(probe["ids"]) != {65532}:
        found.append(f"{who}: runs as {probe['ids']}")
    if status["NoNewPrivs"] != "1":
        found.append(f"{who}: a setuid program would give it privileges")
    found += [
        f"{who}: has {kind} {status[kind]}"
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb")
        if int(status[kind], 16)
    ]
    found += [
        f"{who}: has the variable {name}"
        for name, value in environ.items()
        if value == ENVIRON.get(name) or name.startswith(PREFIXES)
    ]
    found += [
        f"{who}: could {without_numbers(what)}"
        for what, outcome in probe["attempts"].items()
        if outcome.startswith("done")
    ]
    found += [
        f"{who}: {secret} in {without_numbers(name)} of another process"
        for name, outcome in probe["of own processes"].items()
        for secret in (OF_THE_JOB, OF_THE_INDEX)
        if secret in outcome
    ]
    if probe["remembered by"]:
        found.append(f"{who}: {OF_THE_INDEX} in the memory of an ancestor")
    found += [
        f"{who}: {secret} in {name}"
        for name, value in environ.items()
        for secret in (OF_THE_JOB, OF_THE_INDEX)
        if secret in value
    ]
    return found


def without_numbers(path: str) -> str:
    return re.sub(r"\d+", "N", path)
