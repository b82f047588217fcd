"""The environment variables that the code reads, and their values as the step gives them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.resources.scan import Findings, scan
from entrypoint.runtime.errors import Place

HEAD = "import os\nfrom databricks_langchain import ChatDatabricks\n"


def found(code: str, folder: Path, given: Mapping[str, str] | None = None) -> Findings:
    return scan(
        f"{HEAD}{code}\n",
        AgentSource("agent.py", "").place,
        folder,
        lambda file, line, column: Place(file.as_posix(), line, column),
        None,
        variables=given or {},
    )


def read(code: str, folder: Path) -> dict[str, bool]:
    """The names that the code reads, and whether each has a default."""
    return {each.name: each.has_default for each in found(code, folder).variables}


@pytest.mark.parametrize(
    "code",
    [
        "os.environ['X']",
        "os.environ.get('X')",
        "os.getenv('X')",
        "os.getenv('X', None)",
        "os.getenv(key='X')",
        "os.environ.pop('X')",
        "from os import environ\nenviron['X']",
        "from os import getenv as of\nof('X')",
        "import os as system\nsystem.environ['X']",
        "env = os.environ\nenv['X']",
        "NAME = 'X'\nos.environ[NAME]",
        "P = 'X'\nos.environ[f'{P}']",
        "def of(name):\n    return os.environ[name]\nof('X')",
        "def of(env=os.environ):\n    return env['X']\nof()",
        "def of(name, default=None):\n    return os.environ.get(name, default)\nof('X')",
        "for name in ['X']:\n    os.environ[name]",
        "class A:\n    def predict(self, request):\n        return os.environ['X']\nA()",
        "def make(of=lambda: os.environ['X']):\n    return of()\nmake()",
        "assert 'X' in os.environ",
        "f\"{os.environ['X']}\"",
        # The code says itself that it can't do without.
        "if 'X' not in os.environ:\n    raise ValueError('X')",
        "if not os.getenv('X'):\n    sys.exit('X is not set')",
        "try:\n    os.environ['X']\nexcept KeyError as e:\n    raise ValueError('X') from e",
        "os.environ['X'] or 'a'",
        "os.environ['X'] = os.environ['X'].strip()",
        "os.environ['X'] = os.getenv('X')",
        "missing = [name for name in ('X',) if name not in os.environ]",
        "missing = [name for name in ('X',) if not os.getenv(name)]",
        # In one place it has a default, and in another it hasn't.
        "os.getenv('X', 'a')\nos.environ['X']",
    ],
)
def test_what_is_read_without_a_default_is_found(code: str, tmp_path: Path) -> None:
    assert read(code, tmp_path) == {"X": False}


@pytest.mark.parametrize(
    "code",
    [
        "os.environ.get('X', 'a')",
        "os.getenv('X', 'a')",
        "os.getenv('X', default='a')",
        "os.getenv('X') or 'a'",
        "os.environ.setdefault('X', 'a')",
        "os.environ.pop('X', None)",
        "'X' in os.environ",
        "if 'X' in os.environ:\n    print(os.environ['X'])",
        "value = os.environ['X'] if 'X' in os.environ else 'a'",
        "if os.getenv('X'):\n    print('a')",
        "value = 1 if os.environ.get('X') else 2",
        "value = os.environ['X'] if os.environ.get('X') else 'a'",
        "value = None or os.getenv('X')",
        "import contextlib\nwith contextlib.suppress(KeyError):\n    os.environ['X']",
        "try:\n    os.environ['X']\nexcept (TypeError, KeyError):\n    value = 'a'",
        "try:\n    os.environ['X']\nexcept:\n    value = 'a'",
        "IS_PROD = os.environ.get('X') == 'prod'",
        "DEBUG = bool(os.getenv('X'))",
        "try:\n    os.environ['X']\nexcept KeyError:\n    value = 'a'",
        "os.environ['X'] = 'a'\nos.environ['X']",
        "os.environ.update({'X': 'a'})\nos.environ['X']",
        "os.environ.update(X='a')\nos.environ['X']",
        "def of(name, default=None):\n    return os.environ.get(name, default)\nof('X', 'a')",
        "def of(name, *, default=None):\n    return os.getenv(name, default)\nof('X', default='a')",
        "if 'X' in os.environ:\n    if not 1:\n        raise ValueError('Y')",
        "def of(name, default):\n    return os.environ.get(name, default)\nof('X', 'a')",
    ],
)
def test_what_the_code_can_do_without_has_a_default(code: str, tmp_path: Path) -> None:
    assert read(code, tmp_path) == {"X": True}


@pytest.mark.parametrize(
    "code",
    [
        "os.environ['X'] = 'a'",
        "environ = {'X': 'a'}\nenviron['X']",
        "config = {}\nconfig.get('X')",
        "os.environ[input()]",
        "dict(os.environ)",
        "def idle():\n    return os.environ['X']",
        "if __name__ == '__main__':\n    os.environ['X']",
        "'os.environ[\"X\"]'",
    ],
)
def test_what_reads_no_variable_is_none(code: str, tmp_path: Path) -> None:
    assert read(code, tmp_path) == {}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("x: str", {"X": False}),
        ("x: str = 'a'", {"X": True}),
        ("x: str | None = None", {"X": True}),
        ("x: str = ...", {"X": False}),
        ("x: str = Field(...)", {"X": False}),
        ("x: str = Field(description='x')", {"X": False}),
        ("x: str = Field('a')", {"X": True}),
        ("x: list = Field(default_factory=list)", {"X": True}),
        ("x: str = Field(validation_alias='OTHER')", {"OTHER": False}),
        ("x: str = Field(alias=AliasChoices('FIRST', 'SECOND'))", {"FIRST": False}),
        ("model_config = SettingsConfigDict(env_prefix='APP_')\n    x: str", {"APP_X": False}),
        ("class Config:\n        env_prefix = 'app_'\n    x: str", {"APP_X": False}),
        ("LIMIT: ClassVar[int] = 3", {}),
    ],
)
@pytest.mark.parametrize("module", ["pydantic_settings", "pydantic", "pydantic.v1"])
def test_fields_of_settings_are_variables(
    module: str, fields: str, expected: dict[str, bool], tmp_path: Path
) -> None:
    code = (
        f"from {module} import BaseSettings, SettingsConfigDict\nfrom pydantic import *\n"
        f"class Settings(BaseSettings):\n    {fields}\n"
    )

    assert read(f"{code}Settings()", tmp_path) == expected
    assert read(f"{code}class Own(Settings):\n    y: str\nOwn()", tmp_path) == {
        **expected,
        ("APP_Y" if "prefix" in fields else "Y"): False,
    }
    assert read(code, tmp_path) == {}


def test_the_first_place_is_told_also_of_a_code_path(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text("import os\n\nINDEX = os.environ['X']\n")
    (tmp_path / "unused.py").write_text("import os\n\nOTHER = os.environ['Y']\n")

    variables = found("import settings\nos.getenv('Z')\nos.getenv('Z')", tmp_path).variables

    assert {str(each.place): each.name for each in variables} == {
        "agent.py:4:1": "Z",
        "settings.py:3:9": "X",
    }


@pytest.mark.parametrize(
    ("expression", "given", "uses"),
    [
        ("os.environ['X']", {"X": "a"}, [("a", True)]),
        ("os.environ.get('X')", {"X": "a"}, [("a", True)]),
        ("os.environ['X']", {}, [(None, True)]),
        ("os.getenv('X')", {}, [(None, True)]),
        # The code gives another one: the step's is named first.
        ("os.getenv('X', 'b')", {"X": "a"}, [("a", False), ("b", False)]),
        ("os.getenv('X') or 'b'", {"X": "a"}, [("a", True)]),
        # An endpoint may have the variable, so that its default isn't certain.
        ("os.getenv('X', 'b')", {}, [("b", False)]),
        ("os.environ.get('X') or 'b'", {}, [("b", False)]),
        ("os.getenv('X') or os.getenv('Y') or 'b'", {}, [("b", False)]),
        ("f\"{os.environ['X']}-{os.environ['Y']}\"", {"X": "a", "Y": "b"}, [("a-b", True)]),
        ("f\"{os.environ['X']}-{os.environ['Y']}\"", {"X": "a"}, [(None, True)]),
    ],
)
def test_the_steps_value_is_followed_like_a_constant(
    expression: str, given: dict[str, str], uses: list[tuple[str | None, bool]], tmp_path: Path
) -> None:
    findings = found(f"ChatDatabricks(endpoint={expression})", tmp_path, given)

    assert [(use.name, use.certain) for use in findings.uses] == uses
