"""What an agent leaves in a kept cache runs in no later job."""

import pytest

from tests.container.attacks import agent, package
from tests.container.victim import Victim

pytestmark = pytest.mark.exhaustive

# Puts code everywhere in the cache from which a Python may start or import. Each notes its own name
# when it runs, and else does what was there before; records of hashes are made to fit.
POISON = r"""
import base64, csv, hashlib, marshal, shutil
CACHE = pathlib.Path("/github/workspace/.cache")
BY = "WHO"

def payload(name):
    return f"open('/loot/{BY}: {name}', 'a').close()\n"

def overwrite(path, data):
    # In place, so that hard links to it change as well; else in a new file.
    try:
        with open(path, "r+b") as file:
            file.truncate()
            file.write(data)
    except OSError:
        path.unlink(missing_ok=True)
        path.write_bytes(data)

def where(path):
    try:
        return path.relative_to(CACHE).parts[0]
    except ValueError:
        return "prefix"

def poison_packages(folder):
    place = where(folder)
    for module in ("sitecustomize", "usercustomize"):
        code = payload(f"{module} in {place}").encode()
        attempt(lambda: overwrite(folder / f"{module}.py", code))
    pth = "import os; " + payload(f"pth in {place}")
    attempt(lambda: overwrite(folder / "attack.pth", pth.encode()))

def poison_source(file):
    text = file.read_text()
    if "/loot/" not in text:
        overwrite(file, (text + "\n" + payload(f"source in {where(file)}")).encode())

def poison_bytecode(file):
    code = compile(file.read_text() + "\n" + payload(f"bytecode in {where(file)}"), file, "exec")
    # 1: with a hash that nobody checks.
    data = importlib_magic() + (1).to_bytes(4, "little") + bytes(8) + marshal.dumps(code)
    folder = file.parent / "__pycache__"
    folder.mkdir(exist_ok=True)
    overwrite(folder / f"{file.stem}.{sys.implementation.cache_tag}.pyc", data)

def poison_without_source(file):
    code = compile(file.read_text() + "\n" + payload(f"no source in {where(file)}"), file, "exec")
    data = importlib_magic() + (1).to_bytes(4, "little") + bytes(8) + marshal.dumps(code)
    overwrite(file.with_suffix(".pyc"), data)
    file.unlink()

def importlib_magic():
    import importlib.util
    return importlib.util.MAGIC_NUMBER

def poison_entry_points(info):
    module = payload(f"entry point in {where(info)}")
    overwrite(info.parent / "attack_plugin.py", module.encode())
    points = "[mlflow.run_context_provider]\nattack = attack_plugin:Attack\n"
    points += "[mlflow.request_header_provider]\nattack = attack_plugin:Attack\n"
    overwrite(info / "entry_points.txt", points.encode())

def fit(record):
    rows = list(csv.reader(record.read_text().splitlines()))
    for row in rows:
        file = record.parent.parent / row[0]
        if row[1:2] != [""] and file.is_file():
            digest = hashlib.sha256(file.read_bytes()).digest()
            text = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            row[1:] = [f"sha256={text}", str(file.stat().st_size)]
    with open(record, "w") as file:
        csv.writer(file).writerows(rows)

def poison_interpreter(folder):
    python, real = folder / "python", folder / "python.real"
    if not real.is_symlink():
        python.rename(real)
    script = "#!/bin/sh\n: >>'/loot/WHO: bin in %s'\nexec \"$0.real\" \"$@\"\n" % where(folder)
    python.write_text(script)
    python.chmod(0o755)

def plant_interpreter():
    for version in ("3.11.9", "3.11.14"):
        folder = CACHE / f"python/cpython-{version}-linux-x86_64-gnu/bin"
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("python3.11", "python3", "python"):
            script = "#!/bin/sh\n: >>'/loot/WHO: planted'\nexec /usr/local/bin/python3.12 \"$@\"\n"
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)

def poison():
    roots = {CACHE, pathlib.Path(sys.prefix)}
    actions = {
        "yaml/__init__.py": poison_source,
        "packaging/version.py": poison_bytecode,
        "typing_extensions.py": poison_without_source,
        "pandas-*.dist-info": poison_entry_points,
        "site-packages": poison_packages,
        "archive-v*/*": poison_packages,
        "PyYAML-*.dist-info/RECORD": fit, "pyyaml-*.dist-info/RECORD": fit,
        "environments/*/bin": poison_interpreter,
    }
    for root in roots:
        for pattern, action in actions.items():
            for path in sorted(root.rglob(pattern)):
                outcome = attempt(lambda: action(path))
                if outcome.startswith("done"):
                    note("poisoned", f"{BY}: {path}")
    attempt(plant_interpreter)
    note("tried")
"""
# Once, and in the last stage: what is changed is what the agent itself imports.
AS_AGENT = POISON.replace("WHO", "agent") + "\nif VERIFYING:\n    poison()\n"
AS_BACKEND = (
    POISON.replace("WHO", "backend")
    + """
if not os.path.exists("/loot/tried"):
    poison()
"""
)


def poisoned_by(victim: Victim, files: dict[str, str]) -> None:
    """Run a job that poisons the cache, and check the clean commit out after it."""
    victim.check_out(files)
    # Whatever becomes of it: an attacker doesn't care.
    victim.run()
    assert "tried" in victim.noted()
    victim.forget_notes()
    victim.check_out(agent())


ATTACKERS = {
    "agent": agent(AS_AGENT),
    "build backend": {
        **agent(requirements="mlflow-skinny==3.17.2\npandas\n./pkg\n"),
        **package(AS_BACKEND),
    },
}


@pytest.mark.parametrize("attacker", ATTACKERS)
def test_a_clean_commit_runs_nothing_that_was_left_in_the_cache(
    victim: Victim, attacker: str
) -> None:
    poisoned_by(victim, ATTACKERS[attacker])

    step = victim.run()
    # An interpreter that the image lacks is looked for in the cache.
    other_python = victim.run({"python-version": "3.11"})

    assert list(victim.noted()) == []
    assert step.status == 0, step.log
    assert other_python.status in (0, 1)


def test_an_interpreter_that_is_committed_with_the_cache_does_not_run(victim: Victim) -> None:
    """uv runs the interpreters that it finds, to ask them what they are."""
    files = {**agent(), "agent/.python-version": "3.11\n"}
    for folder in ("python", "python/installed"):
        name = f"kept/{folder}/cpython-3.11.9-linux-x86_64-gnu/bin/python3.11"
        files[name] = "#!/bin/sh\nid -u >>/loot/ran\n"
    for name in ("agent/.venv/bin/python", ".venv/bin/python"):
        files[name] = "#!/bin/sh\nid -u >>/loot/ran\n"
    victim.check_out(files)
    for name in files:
        if "/bin/" in name:
            (victim.workspace / name).chmod(0o755)

    victim.run({"cache-dir": "kept"})

    assert victim.noted() == {}
