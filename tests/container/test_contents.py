"""What the image is made of: what it must hold, what it must not, and how large it may be."""

import json
import tomllib

import pytest

from tests.container.engine import ROOT, Engine

pytestmark = pytest.mark.exhaustive

MEGABYTE = 10**6
# What the Dockerfile adds to its base was 299 MB when this was written; more than 5 % above that
# wants a reason. The base is not ours: the official one is far smaller than the stand-in.
ADDED = 299 * MEGABYTE
LIMIT = 550 * MEGABYTE


def python(engine: Engine, image: str, program: str) -> str:
    """What the control environment's Python prints for a program."""
    interpreter = "--entrypoint=/opt/log-agent/bin/python"
    return engine.docker("run", "--rm", interpreter, image, "-I", "-c", program).stdout


def test_the_image_is_small(image: str, engine: Engine) -> None:
    total, base = sum(engine.layers(image)), sum(engine.layers(engine.base()))

    assert total <= LIMIT, f"{total / MEGABYTE:.0f} MB"
    assert total - base <= 1.05 * ADDED, f"{(total - base) / MEGABYTE:.0f} MB above its base"


def test_the_image_holds_no_tools_to_build_with(image: str, engine: Engine) -> None:
    tools = "sh gcc g++ cc c++ ld make pip pip3"
    search = f"""
        for tool in {tools}; do command -v $tool; done
        python -m pip --version; ls -A /root/.cache; exit 0"""

    found = engine.docker("run", "--rm", "--entrypoint=sh", image, "-c", search)

    # A shell, for otherwise the search itself would have failed.
    assert found.stdout.split() == ["/usr/bin/sh"]


# Every module without bytecode, or with bytecode of another state of the file: what Python would
# compile, and try to write, at every start. The parts of the standard library that are left out are
# programs and test tools that nothing imports.
STALE = """
import importlib.util, json, os, pathlib, struct, sys, sysconfig
stale, seen = [], 0
aside = {"ensurepip", "idlelib", "lib2to3", "pydoc_data", "tkinter", "turtledemo"}
for root in (sysconfig.get_path("purelib"), sysconfig.get_path("stdlib")):
    for file in pathlib.Path(root).rglob("*.py"):
        if aside.intersection(file.parts) or file.parent.name.startswith("config-"):
            continue
        seen += 1
        compiled = pathlib.Path(importlib.util.cache_from_source(file))
        found = file.stat()
        if not compiled.exists() or compiled.read_bytes()[:16] != importlib.util.MAGIC_NUMBER + (
            struct.pack("<III", 0, int(found.st_mtime), found.st_size)
        ):
            stale.append(str(file))
print(json.dumps({"seen": seen, "stale": stale}))
"""


def test_every_module_is_compiled(image: str, engine: Engine) -> None:
    found = json.loads(python(engine, image, STALE))

    assert found["seen"] > 3000
    assert found["stale"] == []


def test_the_image_has_the_three_uploaders(image: str, engine: Engine) -> None:
    uploaders = """
import boto3
from azure.storage.filedatalake import DataLakeServiceClient
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client
from google.resumable_media.requests import XMLMPUContainer
boto3.client("s3", region_name="us-east-1")
boto3.client("sts", region_name="us-east-1")
DataLakeServiceClient("https://account.dfs.core.windows.net", credential="key")
Client(project="mlflow", credentials=AnonymousCredentials())
print("made")
"""

    assert python(engine, image, uploaders).strip() == "made"


def test_the_image_runs_what_the_lock_says(image: str, engine: Engine) -> None:
    listing = """
import importlib.metadata, json
print(json.dumps({d.name: d.version for d in importlib.metadata.distributions()}))
"""
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    # A package may be locked once for each Python.
    locked = {(package["name"], package["version"]) for package in packages}

    installed = json.loads(python(engine, image, listing))

    assert {"mlflow-skinny", "uv"} <= installed.keys()
    assert {(name.lower().replace("_", "-"), of) for name, of in installed.items()} <= locked
    # Proprietary, and what only tests need.
    assert not installed.keys() & {"databricks-agents", "mlflow", "pytest", "pip", "pyarrow"}
