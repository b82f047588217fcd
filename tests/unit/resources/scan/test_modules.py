"""Which modules are read, and code that nobody means to be read."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.resources.scan import Findings, scan
from entrypoint.runtime.errors import Place

IMPORT = "from databricks_langchain import ChatDatabricks\n"
MODULE = f"{IMPORT}ENDPOINT = 'known'\nllm = ChatDatabricks(endpoint='of the module')\n"


def findings(folder: Path, agent: str, modules: Mapping[str, str] | None = None) -> Findings:
    """What is found in an agent and in the modules of its code paths."""
    for name, text in (modules or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return scan(
        agent,
        AgentSource("agent.py", "").place,
        folder,
        lambda file, line, column: Place(file.as_posix(), line, column),
        None,
    )


def names(folder: Path, agent: str, modules: Mapping[str, str] | None = None) -> set[str | None]:
    return {use.name for use in findings(folder, agent, modules).uses}


# Statements that leave a value in `x`, and whatever it may be the scan has to end.
STRANGE = {
    "itself": "x = x",
    "each other": "x = y\ny = x",
    "its own entry": "x = {'a': x}\nx = x['a']",
    "its own elements": "for x in x:\n    pass",
    "its own comprehension": "x = ['a']\nx = [x for x in x]",
    "its own parts": "x = 'a'\nx = x + x\nx = f'{x}{x}'",
    "a function that calls itself": "def f(a):\n    return f(a)\nx = f('a')",
    "functions that call each other": (
        "def f(a):\n    return g(a)\ndef g(a):\n    return f(a)\nx = f('a')"
    ),
    "a lambda that calls itself": "f = lambda: f()\nx = f()",
    "a fixed point": (
        "Y = lambda f: (lambda a: f(lambda b: a(a)(b)))(lambda a: f(lambda b: a(a)(b)))\n"
        "x = Y(lambda f: lambda a: f(a))('a')"
    ),
    "a class that is made from itself": "class A(A):\n    pass\nx = A().x",
    "classes that are made from each other": (
        "class A(B):\n    pass\nclass B(A):\n    pass\nx = A().x"
    ),
    "an attribute of itself": (
        "class A:\n    def __init__(self):\n        self.a = self.a\nx = A().a"
    ),
    "a decorator of itself": "@x\ndef x():\n    return x()",
    "keywords handed around": "def f(**a):\n    return f(**a)\nx = f(a='b')",
    "thousands of values": "\n".join(f"if y:\n    x = 'name-{n}'" for n in range(5_000)),
    "thousands of names": "x0 = 'a'\n"
    + "\n".join(f"x{n} = x{n - 1}" for n in range(1, 3_000))
    + "\nx = x2999",
    "thousands of functions": "def f0():\n    return 'a'\n"
    + "\n".join(f"def f{n}():\n    return f{n - 1}()" for n in range(1, 3_000))
    + "\nx = f2999()",
    "keywords handed on by thousands of functions": "def f0(**a):\n    return a['b']\n"
    + "\n".join(f"def f{n}(**a):\n    return f{n - 1}(**a)\n" for n in range(1, 3_000))
    + "\nx = f2999(b='a')",
    "a long sum": f"x = {' + '.join(['a'] * 900)}",
    "a long chain": f"x = a{'.b()' * 900}",
    "a large dictionary": f"x = {{{', '.join(f'{n}: {n}' for n in range(20_000))}}}[y]",
    "lists in lists": f"x = {'[' * 90}'a'{']' * 90}",
    "functions in functions": "".join(f"{' ' * n}def f{n}():\n" for n in range(90))
    + f"{' ' * 90}x = 'a'",
    "a position far out": "x = ['a'][99999999999999999999]\nx = ['a'][-7]",
}


@pytest.mark.parametrize("code", STRANGE.values(), ids=STRANGE)
def test_strange_code_is_read_to_its_end(tmp_path: Path, code: str) -> None:
    agent = (
        f"{IMPORT}before = ChatDatabricks(endpoint='before')\n{code}\n"
        "strange = ChatDatabricks(endpoint=x)\nafter = ChatDatabricks(endpoint='after')\n"
    )

    assert {"before", "after"} <= names(tmp_path, agent)


@pytest.mark.parametrize(
    "code",
    [
        "x = 'known'\nx = x",
        "x = 'known'\nwhile y:\n    x = x",
        "def f(a):\n    return f(a) or a\nx = f('known')",
        "class A:\n    def f(self):\n        self.a = self.a\n        self.a = 'known'\nx = A().a",
    ],
)
def test_a_value_is_found_beside_a_loop(tmp_path: Path, code: str) -> None:
    assert "known" in names(tmp_path, f"{IMPORT}{code}\nllm = ChatDatabricks(endpoint=x)\n")


def test_what_may_be_anything_is_not_known(tmp_path: Path) -> None:
    code = STRANGE["thousands of values"]

    found = names(tmp_path, f"{IMPORT}{code}\nllm = ChatDatabricks(endpoint=x)\n")

    assert None in found
    assert len(found) < 300


def test_a_long_file_is_read_to_its_end(tmp_path: Path) -> None:
    lines = "".join(f"def ask_{n}():\n    return ask(x_{n})\n" for n in range(5_000))
    agent = f"{IMPORT}def ask(endpoint):\n    return ChatDatabricks(endpoint=endpoint)\n{lines}"

    assert "last" in names(tmp_path, f"{agent}llm = ChatDatabricks(endpoint='last')\n")


@pytest.mark.parametrize(
    "text", ["x = (", "x = '\0'", "\udcff", "", "x = 1\n\tx = 2", "λ = }"], ids=repr
)
def test_an_agent_that_is_not_python_uses_nothing(tmp_path: Path, text: str) -> None:
    assert findings(tmp_path, text).uses == ()


def test_what_nobody_imports_is_not_read(tmp_path: Path) -> None:
    agent = f"{IMPORT}llm = ChatDatabricks(endpoint='mine')\n"

    assert names(tmp_path, agent, {"other.py": MODULE, "shared/other.py": MODULE}) == {"mine"}


@pytest.mark.parametrize(
    "statement",
    [
        "import shared.llm",
        "import shared.llm as llm",
        "from shared import llm",
        "from shared.llm import ENDPOINT",
        "from shared.llm import *",
        "def predict():\n    from shared import llm",
        "try:\n    import shared.llm\nexcept ImportError:\n    pass",
    ],
)
@pytest.mark.parametrize("package", [{"shared/__init__.py": ""}, {}], ids=["package", "namespace"])
def test_what_is_imported_is_read_in_its_place(
    tmp_path: Path, statement: str, package: dict[str, str]
) -> None:
    found = findings(tmp_path, statement, {"shared/llm.py": MODULE, **package})

    assert [use.place for use in found.uses] == [Place("shared/llm.py", 3, 7)]


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import shared.names", "shared.names.ENDPOINT"),
        ("import shared.names as n", "n.ENDPOINT"),
        ("from shared import names", "names.ENDPOINT"),
        ("from shared.names import ENDPOINT", "ENDPOINT"),
        ("from shared.names import ENDPOINT as E", "E"),
        ("from shared.names import *", "ENDPOINT"),
        # From the package, which has it from its own module by a relative import.
        ("from shared import ENDPOINT", "ENDPOINT"),
        ("import shared", "shared.ENDPOINT"),
        ("from shared.deeper.names import ENDPOINT", "ENDPOINT"),
        ("from shared.stars import ENDPOINT", "ENDPOINT"),
    ],
)
def test_names_are_followed_through_imports(tmp_path: Path, statement: str, name: str) -> None:
    found = names(
        tmp_path,
        f"{statement}\n{IMPORT}llm = ChatDatabricks(endpoint={name})\n",
        {
            "shared/__init__.py": "from .names import ENDPOINT\n",
            "shared/names.py": "ENDPOINT = 'known'\n",
            "shared/stars.py": "from .names import *\n",
            "shared/deeper/__init__.py": "",
            "shared/deeper/names.py": "from ..names import ENDPOINT\n",
        },
    )

    assert found == {"known"}


def test_the_client_may_come_through_a_module(tmp_path: Path) -> None:
    agent = "from shared import *\nllm = ChatDatabricks(endpoint='known')\n"

    assert names(tmp_path, agent, {"shared.py": IMPORT}) == {"known"}
    star = {"shared.py": "from databricks_langchain import *\n"}
    assert names(tmp_path, agent, star) == {"known"}


def test_modules_may_import_each_other(tmp_path: Path) -> None:
    found = names(
        tmp_path,
        f"from a import *\n{IMPORT}llm = ChatDatabricks(endpoint=ENDPOINT)\nllm = NOTHING\n",
        {
            "a.py": "from b import *\nfrom b import b\n",
            "b.py": "from a import *\nfrom a import b\nENDPOINT = 'known'\n",
        },
    )

    assert found == {"known"}


def test_a_module_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder.py").mkdir()

    found = names(
        tmp_path,
        "import broken, bytes, folder, missing, good\nfrom broken import x\n",
        {"broken.py": f"{MODULE}x = (", "good.py": MODULE},
    )

    assert found == {"of the module"}


@pytest.mark.parametrize(
    "condition", ["__name__ == '__main__'", "TYPE_CHECKING", "typing.TYPE_CHECKING"]
)
def test_what_does_not_run_on_serving_is_passed_over(tmp_path: Path, condition: str) -> None:
    agent = (
        f"{IMPORT}if {condition}:\n    llm = ChatDatabricks(endpoint='never')\n"
        "else:\n    llm = ChatDatabricks(endpoint='always')\n"
    )

    assert names(tmp_path, agent) == {"always"}
