"""What the code may use, and what it certainly uses: only the latter can fail a job."""

from pathlib import Path

import pytest
import yaml

from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.resources.check.undeclared import possible, undeclared
from entrypoint.resources.resource import Declarations, DeclaredResource, Resource
from entrypoint.resources.scan import Findings, scan
from entrypoint.runtime.errors import Place, Problem

HEAD = """\
import os
from databricks.sdk import WorkspaceClient
from databricks.sdk.credentials_provider import ModelServingUserCredentials
from databricks_langchain import ChatDatabricks, UCFunctionToolkit
from openai import OpenAI

"""
CERTAIN = {
    "a list that grows": (
        "names = []\nnames.append('a.b.c')\nUCFunctionToolkit(function_names=names)"
    ),
    "several calls": (
        "def make(index):\n    UCFunctionToolkit(function_names=[index])\nmake('a.b.c')"
    ),
    "the last key": "ChatDatabricks(**{**{'endpoint': 'x'}, 'endpoint': 'real'})",
    "a default for the workspace": (
        "import requests\nHOST = os.environ.get('DATABRICKS_HOST', '')\n"
        "requests.post(f'{HOST}/serving-endpoints/real/invocations')"
    ),
    "a known name first": "ChatDatabricks(endpoint='real' or 'fallback')",
    "a field that is given": (
        "from dataclasses import dataclass\n"
        "@dataclass\nclass C:\n    endpoint: str = 'default'\n"
        "ChatDatabricks(endpoint=C(endpoint='real').endpoint)"
    ),
    "an entry that is set": "options = {}\noptions['endpoint'] = 'a'\nChatDatabricks(**options)",
    "an entry that is set of nothing": (
        "options = dict()\noptions['endpoint'] = 'a'\nChatDatabricks(**options)"
    ),
    "a list that grows from nothing": (
        "names = list()\nnames.append('a.b.c')\nUCFunctionToolkit(function_names=names)"
    ),
    "beside an entry that is set": (
        "options = dict(endpoint='a')\noptions['temperature'] = 0\nChatDatabricks(**options)"
    ),
    "on top of another": "ChatDatabricks(**dict({'endpoint': 'a'}, endpoint='b'))",
    "a slice": "UCFunctionToolkit(function_names=['a.b.c', 'a.b.d'][:1])",
    "instead of None": (
        "def chat(endpoint=None):\n    ChatDatabricks(endpoint=endpoint or 'a')\nchat()"
    ),
    "a field's default": (
        "from pydantic import BaseModel, Field\n"
        "class C(BaseModel):\n    endpoint: str = Field(default='a')\n"
        "ChatDatabricks(endpoint=C().endpoint)"
    ),
}
UNCERTAIN = {
    "at an address that isn't known": (
        "from databricks_openai import DatabricksOpenAI\n"
        "client = DatabricksOpenAI(base_url=os.environ['URL'])\n"
        "client.responses.create(model='a', input='')"
    ),
    "of several in a configuration": (
        "from mem0 import Memory\n"
        "Memory.from_config({'llm': {'model': 'a', 'base_url': f'{x}/serving-endpoints'},"
        " 'embedder': {'model': 'b'}})"
    ),
    "by the gateway or not": "ChatDatabricks(endpoint='a', **{'use_ai_gateway': True})",
    "by environment": "ChatDatabricks(endpoint='a' if os.environ.get('E') else 'b')",
    "by key": "ChatDatabricks(endpoint={'dev': 'a', 'prod': 'b'}[os.environ['E']])",
    "by one of two keys": (
        "ChatDatabricks(endpoint={'dev': 'a', 'prod': 'b'}['prod' if os.getenv('E') else 'dev'])"
    ),
    "at a position of one of two": (
        "ChatDatabricks(endpoint=(['a'] if os.environ.get('E') else ['b'])[0])"
    ),
    "in a statement": (
        "if os.environ.get('E'):\n    E = 'a'\nelse:\n    E = 'b'\nChatDatabricks(endpoint=E)"
    ),
    "after an error": (
        "try:\n    E = os.environ['E']\nexcept KeyError:\n    E = 'a'\nChatDatabricks(endpoint=E)"
    ),
    "overwritten": "E = 'a'\nE = 'b'\nChatDatabricks(endpoint=E)",
    "in a subclass": (
        "class A:\n    endpoint = 'a'\n"
        "    def go(self):\n        ChatDatabricks(endpoint=self.endpoint)\n"
        "class B(A):\n    endpoint = 'b'\nB().go()"
    ),
    "by one of two clients": (
        "client = OpenAI() if os.environ.get('E') else"
        " WorkspaceClient().serving_endpoints.get_open_ai_client()\n"
        "client.chat.completions.create(model='a')"
    ),
    "on whose behalf": (
        "def client():\n    if os.environ.get('E'):\n"
        "        return WorkspaceClient(credentials_strategy=ModelServingUserCredentials())\n"
        "    return WorkspaceClient()\n"
        "def predict():\n    client().serving_endpoints.query('a')\npredict()"
    ),
    "an entry that is set again": (
        "options = {'endpoint': 'a'}\noptions['endpoint'] = 'b'\nChatDatabricks(**options)"
    ),
    "an entry that may be set again": (
        "options = {'endpoint': 'a'}\noptions[os.environ['K']] = 'b'\nChatDatabricks(**options)"
    ),
    "a slice whose end isn't known": (
        "ChatDatabricks(endpoint=['a', 'b'][: int(os.environ['N'])][0])"
    ),
    "instead of what may be set elsewhere": "E = None\nChatDatabricks(endpoint=E or 'a')",
    "a default that is a variable's other value": (
        "ChatDatabricks(endpoint=os.getenv('E', {'e': 'a'}.get('e')))"
    ),
    "by a variable of settings": (
        "from pydantic_settings import BaseSettings\n"
        "class C(BaseSettings):\n    endpoint: str = 'a'\nChatDatabricks(endpoint=C().endpoint)"
    ),
    "where nothing leads": "def judge():\n    ChatDatabricks(endpoint='a')",
    "where only that leads": (
        "def judge():\n    ChatDatabricks(endpoint='a')\n\ndef main():\n    judge()"
    ),
    "in code that calls itself": (
        "def judge():\n    ChatDatabricks(endpoint='a')\n    main()\n\ndef main():\n    judge()"
    ),
    "as a script": (
        "def main():\n    ChatDatabricks(endpoint='a')\nif __name__ == '__main__':\n    main()"
    ),
}


def found(code: str, folder: Path) -> Findings:
    return scan(f"{HEAD}{code}\n", AgentSource("agent.py", "").place, folder, lambda *_: None, None)


def undeclared_problems(findings: Findings, *declared: str) -> list[Problem]:
    place = Place("resources.yml", 1)
    resources = tuple(
        DeclaredResource(Resource("serving_endpoint", name), place) for name in declared
    )
    declarations = Declarations("resources.yml", resources)
    return list(undeclared(declarations, findings.uses, Place("agent.py"), "resources.yml"))


@pytest.mark.parametrize("code", CERTAIN.values(), ids=CERTAIN)
def test_what_is_certainly_used_must_be_declared(code: str, tmp_path: Path) -> None:
    uses = found(code, tmp_path).uses

    assert [use.certain for use in uses] == [True]
    assert len(undeclared_problems(found(code, tmp_path))) == 1


def test_what_cannot_be_declared_is_not_proposed_either(tmp_path: Path) -> None:
    uses = found("open('/Volumes/a/b/c' if os.environ.get('E') else '/Volumes/a/b/d')", tmp_path)

    assert [(use.kind, use.certain) for use in uses.uses] == [("volume", False)] * 2
    assert not list(possible(Declarations(), uses.uses))


@pytest.mark.parametrize("code", UNCERTAIN.values(), ids=UNCERTAIN)
def test_what_may_be_used_is_no_error(code: str, tmp_path: Path) -> None:
    findings = found(code, tmp_path)

    assert any(use.name == "a" for use in findings.uses)
    assert undeclared_problems(findings) == []


def test_one_of_several_that_is_declared_is_enough(tmp_path: Path) -> None:
    uses = found(UNCERTAIN["by environment"], tmp_path).uses
    place = Place("resources.yml", 1)
    one = Declarations(
        "resources.yml", (DeclaredResource(Resource("serving_endpoint", "b"), place),)
    )

    assert list(possible(one, uses)) == []
    (notice,) = possible(Declarations(), uses)
    assert "serving endpoint `a`, serving endpoint `b`" in notice.what


def test_what_is_to_be_pasted_makes_one_file(tmp_path: Path) -> None:
    code = "".join(f"ChatDatabricks(endpoint='e{number}')\n" for number in range(3))
    uses = found(f"{code}UCFunctionToolkit(function_names=['a.b.c'])", tmp_path).uses

    without_file = list(undeclared(Declarations(), uses, Place("agent.py"), "resources.yml"))
    whole = yaml.safe_load(without_file[0].fix.partition("\n\n")[2])
    assert [entry["name"] for entry in whole["databricks"]["serving_endpoint"]] == [
        "e0",
        "e1",
        "e2",
    ]
    assert all("shown for `e0`" in problem.fix for problem in without_file[1:])

    e0, e1, e2, function = undeclared_problems(
        found(f"{code}UCFunctionToolkit(function_names=['a.b.c'])", tmp_path)
    )
    assert "under `databricks:`" in e0.fix
    assert "\n  serving_endpoint:\n  - name: e0\n  - name: e1\n  - name: e2" in e0.fix
    assert "shown for `e0`" in e1.fix
    assert "shown for `e0`" in e2.fix
    assert "\n  function:\n  - name: a.b.c" in function.fix

    added, _ = undeclared_problems(found(code, tmp_path), "e0")
    assert "under `serving_endpoint:`:\n\n    - name: e1\n    - name: e2" in added.fix


def test_a_name_that_lacks_levels_is_to_be_written_in_full(tmp_path: Path) -> None:
    (problem,) = undeclared_problems(found("UCFunctionToolkit(function_names=['add'])", tmp_path))

    assert "three levels" in problem.fix
    assert "name: add" not in problem.fix


@pytest.mark.parametrize("part", ["::0", "'x':", ":None", "True:", "1.5:", "10**10:", "n[0]:"])
def test_a_slice_that_python_would_refuse_ends_nothing(part: str, tmp_path: Path) -> None:
    code = f"ChatDatabricks(endpoint=['a'][{part}][0])\nChatDatabricks(endpoint='ab'[{part}])"

    assert found(f"{code}\nChatDatabricks(endpoint='last')", tmp_path).uses[-1].name == "last"
