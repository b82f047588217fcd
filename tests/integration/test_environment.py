"""Agents' environments, made by the real uv out of tiny packages that need no network."""

import io
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from doubles.package_index import listening, make_source, make_wheel, private_index
from entrypoint.agent.environment import interpreter
from entrypoint.agent.environment.cache_folder import CacheFolder
from entrypoint.agent.environment.requirements import found, given
from entrypoint.agent.environment.uv_environment import Environment, Uv
from entrypoint.agent.environment.venv_cache import VenvCache
from entrypoint.agent.sandbox.sandbox import Sandbox
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.deadline import Deadline
from entrypoint.runtime.errors import EnvironmentFailure, InputFailure, Problem
from entrypoint.runtime.log import PlainLog
from entrypoint.runtime.redaction import Secrets

MLFLOW = "mlflow==3.0"

# A build backend that packs what lies beside it: builds need no network, and tests choose the tag.
BACKEND = """
import pathlib, sys, tomllib
sys.path.insert(0, "@tests@")
from doubles.package_index import make_wheel

def build_wheel(folder, config_settings=None, metadata_directory=None):
    pathlib.Path("build.log").write_text("backends write where they build")
    project = tomllib.load(open("pyproject.toml", "rb"))["project"]
    files = {p.as_posix(): p.read_text() for p in pathlib.Path().rglob("*.py")
             if p.name != "backend.py"}
    return make_wheel(pathlib.Path(folder), project["name"], project["version"],
                      requires=tuple(project.get("dependencies", ())), files=files,
                      tag="@tag@").name

build_editable = build_wheel
"""


@dataclass
class Bench:
    """A checkout, and uv to make environments for it."""

    root: Path
    temp: Path
    env: Mapping[str, str]
    printed: io.StringIO = field(default_factory=io.StringIO)
    count: int = 0

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root)

    @property
    def log(self) -> str:
        return self.printed.getvalue()

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def package(
        self, folder: str, name: str, *requires: str, tag: str = "py3-none-any", sources: str = ""
    ) -> None:
        """A package of the checkout with one module in it."""
        self.project(folder, name, *requires)
        with (self.root / folder / "pyproject.toml").open("a") as file:
            file.write(
                '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
                + sources
            )
        tests = str(Path(__file__).parents[2])
        self.write(f"{folder}/backend.py", BACKEND.replace("@tests@", tests).replace("@tag@", tag))
        self.write(f"{folder}/{name}/__init__.py", f"name = {name!r}\n")

    def project(self, folder: str, name: str, *requires: str) -> Path:
        return self.write(
            f"{folder}/pyproject.toml",
            f'[project]\nname = "{name}"\nversion = "0.1"\nrequires-python = ">=3.11"\n'
            f"dependencies = {list(requires)}\n",
        )

    def lock(self, folder: str = ".") -> None:
        """What a developer does before a commit."""
        subprocess.run(
            [find_uv_bin(), "lock", "--quiet", "--project", str(self.root / folder)],
            env={**os.environ, **self.env, "UV_CACHE_DIR": str(self.temp / "developer")},
            check=True,
        )

    def make(
        self,
        *lines: str,
        agent: str = "agent.py",
        python: str | None = None,
        env: Mapping[str, str] | None = None,
        path: str = "",
    ) -> Environment:
        """The environment for requirement lines, or for what is found beside the agent."""
        self.count += 1
        folder = self.temp / f"job-{self.count}"
        folder.mkdir()
        environ = {**os.environ, **self.env, **(env or {})}
        environ = {name: value for name, value in environ.items() if value}
        if path:
            environ["PATH"] = path
        sandbox = Sandbox.make(folder, environ, Deadline(120), PlainLog(self.printed))
        file = self.root / agent
        asked = given(lines, self.workspace, file) if lines else found(file, self.workspace)
        wanted = interpreter.wanted(python, file, asked, self.workspace)
        uv = Uv(sandbox, self.root / ".cache", self.root, environ, Secrets.from_environ(environ))
        environment = uv.environment(asked, wanted)
        assert not (folder / "requirements").exists()
        return environment

    def failure(self, *lines: str, **options: Any) -> Problem:
        with pytest.raises(EnvironmentFailure) as raised:
            self.make(*lines, **options)
        (problem,) = raised.value.problems
        return problem


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    tmp_path = tmp_path.resolve()
    wheels = tmp_path / "wheels"
    for name, version in (("pip", "26.0"), ("mlflow", "3.0"), ("mlflow", "3.17.2")):
        make_wheel(wheels, name, version)
    for version in ("1.0", "2.0"):
        make_wheel(wheels, "acme-colour", version)
    make_wheel(wheels, "acme-shade", requires=("acme-colour<2",))
    (tmp_path / "checkout").mkdir()
    return Bench(
        tmp_path / "checkout",
        tmp_path,
        {"UV_FIND_LINKS": str(wheels), "UV_OFFLINE": "1", "COLUMNS": "60", "FORCE_COLOR": "1"},
    )


def installed(environment: Environment) -> set[str]:
    """What is in the environment, as Python itself finds it."""
    code = (
        "from importlib.metadata import distributions as d;"
        "print(*(f'{x.name}=={x.version}' for x in d()))"
    )
    argv = [str(environment.python), "-Ic", code]
    return set(subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split())


def names(environment: Environment) -> list[str]:
    return [path.name for path in environment.code]


def test_requirement_files_hold_all_that_pip_reads(bench: Bench) -> None:
    bench.package("agents/pkg", "pkg", "acme-shade")
    bench.write("agents/base.txt", f"{MLFLOW}\nwindows-only==1.0; sys_platform == 'win32'\n")
    bench.write("agents/limits.txt", "acme-colour<2\n")
    bench.write(
        "agents/requirements.txt",
        "--extra-index-url https://example.com/simple\n-r base.txt\n-c limits.txt\n-e ./pkg\n",
    )

    made = bench.make(agent="agents/agent.py")

    assert made.lock.lines == [
        "--extra-index-url https://example.com/simple",
        "acme-colour==1.0",
        "acme-shade==1.0",
        MLFLOW,
    ]
    assert installed(made) == {"acme-colour==1.0", MLFLOW, "acme-shade==1.0", "pip==26.0"}
    assert names(made) == ["pkg", "pkg-0.1.dist-info"]
    assert sorted(path.name for path in made.code[1].iterdir()) == ["METADATA"]
    # Build backends write where they build: not in the checkout.
    assert not list(bench.root.rglob("build.log"))


@pytest.mark.exhaustive
def test_input_lines_are_relative_to_the_workspace(bench: Bench) -> None:
    bench.package("libs/pkg", "pkg", "acme-colour")
    bench.write("envs/base.txt", f"{MLFLOW}\n")
    bench.write("envs/limits.txt", "acme-colour==1.0\n")

    made = bench.make("-r envs/base.txt", "-c envs/limits.txt", "./libs/pkg")

    assert made.lock.lines == ["acme-colour==1.0", MLFLOW]
    assert names(made) == ["pkg", "pkg-0.1.dist-info"]


def test_a_lock_is_taken_as_it_is(bench: Bench) -> None:
    bench.project("agents/support", "support", MLFLOW, "acme-colour")
    with (bench.root / "agents/support/pyproject.toml").open("a") as file:
        file.write('[project.optional-dependencies]\nx = ["acme-shade"]\n')
        file.write('[dependency-groups]\ndev = ["acme-shade"]\n')
    bench.lock("agents/support")
    assert 'name = "acme-shade"' in (bench.root / "agents/support/uv.lock").read_text()
    make_wheel(bench.temp / "wheels", "acme-colour", "3.0")

    made = bench.make(agent="agents/support/agent.py")

    assert made.lock.lines == ["acme-colour==1.0", MLFLOW]
    assert made.code == ()


@pytest.mark.exhaustive
def test_a_member_of_a_workspace_has_the_lock_above_it(bench: Bench) -> None:
    root = bench.project(".", "root", "acme-shade")
    with root.open("a") as file:
        file.write('[tool.uv.workspace]\nmembers = ["agents/*", "libs/*"]\n')
    bench.package("libs/tools", "tools", "acme-colour")
    bench.package(
        "agents/support",
        "support",
        MLFLOW,
        "tools",
        sources="[tool.uv.sources]\ntools = {workspace = true}\n",
    )
    bench.lock()

    found_one = bench.make(agent="agents/support/agent.py")
    named_one = bench.make("uv.lock", agent="agents/support/agent.py")

    for made in (found_one, named_one):
        assert made.lock.lines == ["acme-colour==1.0", MLFLOW]
        assert names(made) == ["support", "support-0.1.dist-info", "tools", "tools-0.1.dist-info"]
        assert installed(made) == {"acme-colour==1.0", MLFLOW, "pip==26.0"}


@pytest.mark.exhaustive
def test_code_is_found_with_its_metadata(bench: Bench) -> None:
    bench.package(".", "pkg", MLFLOW)

    made = bench.make()

    code = (
        f"import sys; sys.path.append({str(made.code[0].parent)!r}); import pkg;"
        "from importlib.metadata import version; print(pkg.name, version('pkg'))"
    )
    argv = [str(made.python), "-Ic", code]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["pkg", "0.1"]


@pytest.mark.exhaustive
def test_a_lock_without_mlflow_gets_it(bench: Bench) -> None:
    bench.package(".", "pkg", "acme-colour")
    bench.lock()

    made = bench.make()

    assert made.lock.lines == ["acme-colour==2.0", "mlflow==3.17.2"]
    assert "`mlflow==3.17.2` is added" in bench.log
    assert names(made) == ["pkg", "pkg-0.1.dist-info"]


@pytest.mark.exhaustive
def test_a_compiled_local_package_is_to_be_published(bench: Bench) -> None:
    bench.package("fast", "fast", tag="cp311-cp311-linux_x86_64")

    problem = bench.failure(MLFLOW, "./fast")

    assert "`fast` has compiled parts (`fast-0.1-cp311" in problem.what
    assert "Publish it to a package index" in problem.fix


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "line",
    [
        "../elsewhere/pkg",
        "-e ../elsewhere/pkg",
        "pkg @ file:///elsewhere/pkg",
        "--find-links /elsewhere",
        "--extra-index-url file:///elsewhere",
    ],
)
def test_what_is_outside_of_the_workspace_is_not_read(bench: Bench, line: str) -> None:
    other = Bench(bench.temp / "elsewhere", bench.temp, {})
    other.package("pkg", "pkg")
    bench.write("requirements.txt", f"{MLFLOW}\n{line}\n")

    with pytest.raises(InputFailure) as raised:
        bench.make()

    (problem,) = raised.value.problems
    assert "is outside the workspace" in problem.what
    assert str(problem.place) == "requirements.txt:2"


@pytest.mark.exhaustive
def test_a_source_outside_of_the_workspace_is_not_read(bench: Bench) -> None:
    with bench.project(".", "agent", MLFLOW, "pkg").open("a") as file:
        file.write('[tool.uv.sources]\npkg = { path = "../elsewhere/pkg" }\n')

    with pytest.raises(InputFailure) as raised:
        bench.make()

    (problem,) = raised.value.problems
    assert "is outside the workspace" in problem.what
    assert str(problem.place) == "pyproject.toml:7"


PROJECT = (
    '[project]\nname = "agents"\nversion = "0.1"\nrequires-python = ">=3.11"\n'
    'dependencies = ["mlflow==3.0", "acme-own"]\n'
)
LINES = f"{MLFLOW}\nacme-own\n"


def a_folder_of_packages(folder: Path, *, is_simple: bool = False, **options: Any) -> None:
    """A folder with a wheel in it, or a simple index with one."""
    folder = folder / "acme-own" if is_simple else folder
    wheel = make_wheel(folder, "acme-own", **options)
    if is_simple:
        page = f'<a href="{wheel.name}">{wheel.name}</a>'
        (folder / "index.html").write_text(page, encoding="utf-8")


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "files",
    [
        {"requirements.txt": f"--find-links wheels\n{LINES}"},
        {"requirements.txt": f"-f ./wheels # ours\n{LINES}"},
        {"requirements.txt": f"--find-links=file:wheels\n{LINES}"},
        {"requirements.txt": f"--find-links file://${{PROJECT_ROOT}}/wheels\n{LINES}"},
        {"requirements.txt": f"--find-links 'more#1 wheels'\n{LINES}"},
        {"requirements.txt": f"--extra-index-url simple\n{LINES}"},
        {"requirements.txt": f"-i ./simple\n{LINES}"},
        {
            "requirements.txt": f"-r more/base.txt\n{MLFLOW}\n",
            "more/base.txt": "--find-links ../wheels\nacme-own\n",
        },
        {"requirements.txt": LINES, "uv.toml": 'find-links = ["wheels"]\n'},
        {"requirements.txt": LINES, "../pyproject.toml": '[tool.uv]\nfind-links = ["outer"]\n'},
        {"pyproject.toml": f'{PROJECT}[tool.uv]\nfind-links = ["./wheels"]\n'},
        {"pyproject.toml": f'{PROJECT}[tool.uv.pip]\nfind-links = ["wheels"]\n'},
        {"pyproject.toml": f'{PROJECT}[tool.uv]\nextra-index-url = ["./simple"]\n'},
        {"pyproject.toml": f'{PROJECT}[[tool.uv.index]]\nname = "own"\nurl = "simple"\n'},
        {
            "pyproject.toml": f'{PROJECT}[[tool.uv.index]]\nname = "own"\nurl = "wheels"\n'
            'format = "flat"\nexplicit = true\n[tool.uv.sources]\nacme-own = { index = "own" }\n'
        },
    ],
)
def test_a_folder_of_packages_is_found_from_the_file_that_names_it(
    bench: Bench, files: Mapping[str, str]
) -> None:
    for folder in ("agents/wheels", "agents/more#1 wheels", "outer"):
        a_folder_of_packages(bench.root / folder)
    a_folder_of_packages(bench.root / "agents/simple", is_simple=True)
    for name, text in files.items():
        bench.write(f"agents/{name}", text)

    made = bench.make(agent="agents/agent.py")
    again = bench.make(agent="agents/agent.py")

    assert installed(made) == {MLFLOW, "acme-own==1.0", "pip==26.0"}
    assert made.lock.lines == ["acme-own==1.0", MLFLOW]
    assert "`acme-own==1.0`: found in `" in bench.log
    assert again == made


@pytest.mark.exhaustive
@pytest.mark.parametrize("variable", ["UV_FIND_LINKS", "UV_INDEX"])
def test_a_folder_of_packages_in_a_variable_is_found_from_the_workspace(
    bench: Bench, variable: str
) -> None:
    a_folder_of_packages(bench.root / "own", is_simple=variable == "UV_INDEX")
    bench.write("agents/requirements.txt", LINES)
    value = f"{bench.env['UV_FIND_LINKS']},own" if variable == "UV_FIND_LINKS" else "mine=own"

    made = bench.make(agent="agents/agent.py", env={variable: value})

    assert installed(made) == {MLFLOW, "acme-own==1.0", "pip==26.0"}


@pytest.mark.exhaustive
@pytest.mark.parametrize("is_simple", [False, True])
def test_a_wheel_that_changes_under_its_name_is_taken_as_it_is(
    bench: Bench, *, is_simple: bool
) -> None:
    option = "--extra-index-url own" if is_simple else "--find-links own"
    bench.write("requirements.txt", f"{option}\n{LINES}")

    def made(said: str, *requires: str) -> tuple[str, set[str]]:
        files = {"acme_own.py": f"print({said!r})\n"}
        a_folder_of_packages(
            bench.root / "own", is_simple=is_simple, files=files, requires=requires
        )
        environment = bench.make()
        ran = subprocess.run(
            [environment.python, "-c", "import acme_own"], capture_output=True, check=True
        )
        return ran.stdout.decode().strip(), environment.lock.names

    assert made("first") == ("first", {"mlflow", "acme-own"})
    assert made("other", "acme-colour") == ("other", {"mlflow", "acme-own", "acme-colour"})
    assert made("first") == ("first", {"mlflow", "acme-own"})


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"requirements.txt": f"{MLFLOW}\n--find-links wheel\n"}, "requirements.txt:2"),
        (
            {"requirements.txt": "-r more/base.txt\n", "more/base.txt": "-i ../wheel\n"},
            "more/base.txt:1",
        ),
        (
            {"requirements.txt": MLFLOW, "uv.toml": '[pip]\nfind-links = ["./wheel"]\n'},
            "uv.toml:2",
        ),
        ({"pyproject.toml": f'{PROJECT}[tool.uv]\nindex-url = "wheel"\n'}, "pyproject.toml:7"),
    ],
)
def test_a_folder_of_packages_that_is_not_there_is_told(
    bench: Bench, files: Mapping[str, str], place: str
) -> None:
    a_folder_of_packages(bench.root / "wheels")
    for name, text in files.items():
        bench.write(name, text)

    with pytest.raises(InputFailure) as raised:
        bench.make()

    (problem,) = raised.value.problems
    assert "does not exist. Did you mean `wheels`?" in problem.what
    assert str(problem.place) == place


@pytest.mark.exhaustive
def test_a_page_that_lists_what_is_elsewhere_is_refused(bench: Bench) -> None:
    wheel = make_wheel(bench.root / "elsewhere", "acme-own")
    page = f'<a href="../../elsewhere/{wheel.name}">{wheel.name}</a>'
    bench.write("simple/acme-own/index.html", page)

    problem = bench.failure("--extra-index-url simple", MLFLOW, "acme-own")

    assert problem.what == "`requirements`: `simple` lists `acme-own==1.0`, and has no wheel of it."


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("setting", "entry"),
    [
        ("[tool.uv]\noverride-dependencies", "mlflow; sys_platform == 'never'"),
        ("[tool.uv]\nexclude-dependencies", "MLflow"),
        ("[tool.uv.pip]\nno-emit-package", "mlflow"),
    ],
)
def test_a_setting_that_leaves_mlflow_out_is_told(bench: Bench, setting: str, entry: str) -> None:
    bench.project("agents", "agents", "acme-colour")
    bench.write(
        "pyproject.toml",
        '[project]\nname = "all"\nversion = "1"\ndependencies = ["mlflow"]\n'
        f'{setting} = [\n  "acme-colour",\n  "{entry}",\n]\n'
        '[tool.uv.workspace]\nmembers = ["agents"]\n',
    )

    problem = bench.failure(agent="agents/agent.py")

    key = setting.partition("\n")[2]
    assert "`mlflow==3.17.2` was added" in problem.what
    assert f"`{key}` takes it out again" in problem.what
    assert problem.fix.endswith(f'`{key}` in `pyproject.toml`:\n\n    "{entry}"')
    assert str(problem.place) == "pyproject.toml:8"


@pytest.mark.exhaustive
def test_a_package_whose_metadata_has_to_be_built_keeps_the_environment(bench: Bench) -> None:
    bench.package("pkg", "pkg")
    project = bench.root / "pkg/pyproject.toml"
    text = project.read_text().replace("dependencies = []", 'dynamic = ["dependencies"]')
    project.write_text(text)

    made = bench.make(MLFLOW, "./pkg")

    assert names(made) == ["pkg", "pkg-0.1.dist-info"]
    assert made.python.is_relative_to(bench.root / ".cache")
    assert "not everything comes as a wheel" not in bench.log


def test_hashes_are_checked(bench: Bench) -> None:
    bench.write(
        "requirements.txt", f"{MLFLOW}\nacme-colour==1.0 \\\n    --hash=sha256:{'0' * 64}\n"
    )

    problem = bench.failure()

    assert "Hash mismatch for `acme-colour==1.0`" in problem.detail
    assert str(problem.place) == "requirements.txt:2"


@pytest.mark.exhaustive
def test_a_repository_is_required_at_its_commit(bench: Bench) -> None:
    if not shutil.which("git"):
        pytest.skip("git is missing: there is no `git` on PATH")
    other = Bench(bench.temp / "repository", bench.temp, {})
    other.package(".", "pkg", "acme-colour==1.0")
    git = ["git", "-C", str(other.root), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], check=True)
    line = f"pkg @ git+file://{other.root}"

    made = bench.make(MLFLOW, line)

    assert [pin for pin in made.lock.pins if pin.startswith(f"{line}@")]
    assert installed(made) == {"acme-colour==1.0", MLFLOW, "pip==26.0", "pkg==0.1"}

    bench.write("requirements.txt", f"{MLFLOW}\n{line}@main\n")
    problem = bench.failure(path=str(bench.temp))
    assert "`git` is not there" in problem.fix
    assert str(problem.place) == "requirements.txt:2"


@pytest.mark.exhaustive
@pytest.mark.parametrize("way", ["variable", "file", "literal"])
def test_an_index_s_password_stays_with_uv(bench: Bench, way: str) -> None:
    served = bench.temp / "served"
    make_wheel(served / "secret-tools", "secret-tools")
    with private_index(served, "reader", "s3cr3t-pass") as address:
        password = "s3cr3t-pass" if way == "literal" else "${PIP_TOKEN}"
        env = {"PIP_TOKEN": "s3cr3t-pass", "UV_OFFLINE": "", "PIP_INDEX_URL": f"http://{address}"}
        option = f"--index-url http://reader:{password}@{address}\n"
        if way == "variable":
            option, env["UV_DEFAULT_INDEX"] = "", f"http://reader:s3cr3t-pass@{address}"
        bench.write("requirements.txt", f"{option}{MLFLOW}\nsecret-tools\n")

        made = bench.make(env=env)
        wrong = {name: text.replace("s3cr3t", "wr0ng") for name, text in env.items()}
        bench.write("requirements.txt", f"{option.replace('s3cr3t', 'wr0ng')}other-tools\n")
        problem = bench.failure(env=wrong)

    options = [] if way == "variable" else [f"--index-url http://{address}"]
    assert made.lock.lines == [*options, MLFLOW, "secret-tools==1.0"]
    assert "other-tools" in problem.detail
    assert "refuses the credentials" in problem.fix
    for secret in ("s3cr3t", "wr0ng"):
        assert secret not in bench.log + problem.detail + problem.what
    recorded = [path for path in made.python.parents[1].rglob("*") if path.is_file()]
    assert not [path for path in recorded if b"s3cr3t" in path.read_bytes()]


@pytest.mark.exhaustive
def test_an_explicit_index_is_recorded(bench: Bench) -> None:
    served = bench.temp / "served"
    make_wheel(served / "secret-tools", "secret-tools")
    (bench.temp / "empty").mkdir()
    with (
        private_index(served, "reader", "s3cr3t-pass") as address,
        private_index(bench.temp / "empty", "", "") as empty,
    ):
        with bench.project(".", "agent", MLFLOW, "secret-tools").open("a") as file:
            file.write(
                '[tool.uv.sources]\nsecret-tools = {index = "ours"}\n[[tool.uv.index]]\n'
                f'name = "ours"\nurl = "http://{address}"\nexplicit = true\n'
            )
        env = {
            "UV_OFFLINE": "",
            "UV_INDEX": f"ours=http://{address}",
            "UV_INDEX_OURS_USERNAME": "reader",
            "UV_INDEX_OURS_PASSWORD": "s3cr3t-pass",
            # Nothing is to be asked of PyPI here.
            "UV_DEFAULT_INDEX": f"http://{empty}",
        }

        made = bench.make(env=env)

    assert f"--extra-index-url http://{address}" in made.lock.options
    assert "secret-tools==1.0" in made.lock.pins


@pytest.mark.exhaustive
def test_an_index_of_the_checkout_gets_no_password_by_its_name(bench: Bench) -> None:
    asked: list[str] = []
    with listening(asked) as address:
        with bench.project(".", "agent", MLFLOW, "secret-tools").open("a") as file:
            file.write(
                '[tool.uv.sources]\nsecret-tools = {index = "ours"}\n[[tool.uv.index]]\n'
                f'name = "ours"\nurl = "http://{address}"\n'
            )
        env = {
            "UV_OFFLINE": "",
            "UV_INDEX_OURS_USERNAME": "reader",
            "UV_INDEX_OURS_PASSWORD": "s3cr3t-pass",
        }

        bench.failure(env=env)
        bench.failure(env={**env, "UV_INDEX": "ours=http://127.0.0.1:9/simple"})

    assert asked
    assert set(asked) == {""}
    assert "the step says no address for the index `ours`" in bench.log


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "line",
    [
        "--extra-index-url http://${PIP_TOKEN}@@address@/simple",
        "x @ http://@address@/${PIP_TOKEN}/x-1-py3-none-any.whl",
        "--find-links http://u:${PIP_TOKEN}@@address@\\@127.0.0.1:9/",
        "--extra-index-url http://${DB_PASSWORD}@@address@/simple",
    ],
)
def test_a_requirement_file_sends_no_variable_to_an_address_of_its_own(
    bench: Bench, line: str
) -> None:
    asked: list[str] = []
    with listening(asked) as address:
        bench.write("requirements.txt", f"{MLFLOW}\n{line.replace('@address@', address)}\n")
        env = {
            "UV_OFFLINE": "",
            "PIP_TOKEN": "s3cr3t-pass",
            "DB_PASSWORD": "s3cr3t-word",
            "PIP_INDEX_URL": "http://127.0.0.1:9",
        }
        with pytest.raises(InputFailure) as raised:
            bench.make(env=env)

    (problem,) = raised.value.problems
    assert str(problem.place) == "requirements.txt:2"
    assert "UV_INDEX: private=" in problem.fix
    assert asked == []


@pytest.mark.exhaustive
def test_a_build_backend_sees_no_password_of_an_index(bench: Bench) -> None:
    seen = bench.temp / "seen"
    bench.package("pkg", "pkg")
    with (bench.root / "pkg/backend.py").open("a") as file:
        file.write(
            f"""
import os
seen = []
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        seen.append(pathlib.Path(f"/proc/{{pid}}/environ").read_bytes())
    except OSError:
        pass
pathlib.Path({str(seen)!r}).write_bytes(b"".join(text for text in seen if b"UV_CACHE_DIR" in text))
"""
        )
    env = {
        "UV_INDEX": "ours=https://index.example.com/simple",
        "UV_INDEX_OURS_USERNAME": "reader",
        "UV_INDEX_OURS_PASSWORD": "s3cr3t-pass",
        "UV_EXTRA_INDEX_URL": "https://reader:s3cr3t-word@index.example.com/other",
        "UV_PUBLISH_TOKEN": "s3cr3t-token",
    }

    bench.make(MLFLOW, "./pkg", env=env)

    assert b"UV_INDEX=" in seen.read_bytes()
    assert b"s3cr3t" not in seen.read_bytes()


def test_what_comes_without_a_wheel_is_built_for_this_job_alone(bench: Bench) -> None:
    bench.package("source", "acme-source")
    make_source(bench.temp / "wheels", bench.root / "source", "acme_source-0.1")
    shutil.rmtree(bench.root / "source")

    made = bench.make(MLFLOW, "acme-source")

    assert installed(made) == {MLFLOW, "acme-source==0.1", "pip==26.0"}
    assert "not everything comes as a wheel" in bench.log
    assert not made.python.is_relative_to(bench.root / ".cache")
    assert list((bench.root / ".cache/environments").glob("*/")) == []


@pytest.mark.parametrize(
    ("text", "said", "place"),
    [
        (f"{MLFLOW}\nacme-shade\nacme-colour==2.0\n", "unsatisfiable", "requirements.txt:2"),
        (f"{MLFLOW}\n\nno-such-thing\n", "no-such-thing was not found", "requirements.txt:3"),
        (f"{MLFLOW}\n# why\nfoo bar\n", "Expected one of", "requirements.txt:3"),
        (f"{MLFLOW}\n-e ./nope\n", "Distribution not found", "requirements.txt:2"),
    ],
)
def test_a_conflict_is_explained_at_its_line(
    bench: Bench, text: str, said: str, place: str
) -> None:
    bench.write("agents/requirements.txt", text)

    problem = bench.failure(agent="agents/agent.py")

    assert said in problem.detail
    assert str(problem.place) == f"agents/{place}"
    assert str(bench.temp) not in problem.detail
    assert len(problem.detail) < 2_100


def test_an_environment_is_made_once(bench: Bench) -> None:
    first, again = bench.make(MLFLOW), bench.make(MLFLOW)

    assert first == again
    assert bench.log.count("The environment is there already") == 1
    assert bench.make(MLFLOW, "acme-colour==1.0").python != first.python


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "damage",
    ["half made", "interpreter gone", "interpreter broken", "path file", "bytecode", "module"],
)
def test_an_unfit_environment_is_made_anew(bench: Bench, damage: str) -> None:
    python = bench.make(MLFLOW).python
    (module,) = python.parents[1].glob("lib/*/site-packages/mlflow.py")
    if damage == "half made":
        (python.parents[1] / "complete").unlink()
    elif damage == "path file":
        module.with_name("evil.pth").write_text("import evil\n")
    elif damage == "bytecode":
        (module.parent / "__pycache__").mkdir()
        (module.parent / "__pycache__/mlflow.cpython-312.pyc").write_bytes(b"evil")
    elif damage == "module":
        module.write_text(module.read_text() + "import evil\n")
    else:
        python.unlink()
        python.symlink_to(bench.temp / "gone" if damage == "interpreter gone" else "/bin/false")

    made = bench.make(MLFLOW)

    assert made.python == python
    assert installed(made) == {MLFLOW, "pip==26.0"}
    assert "The environment is there already" not in bench.log
    assert "evil" not in module.read_text()
    assert not [path for path in python.parents[1].rglob("*") if path.name == "evil.pth"]


@pytest.mark.exhaustive
def test_bytecode_is_made_of_the_environments_own_files_alone(bench: Bench) -> None:
    made = bench.make(MLFLOW)
    target = made.python.parents[1]
    (module,) = target.glob("lib/*/site-packages/mlflow.py")
    victim = bench.write("tools/helper.py", "pass\n")
    link = bench.write("elsewhere/helper.py", "pass\n").parent / "__pycache__"
    link.symlink_to(victim.parent)
    folder = bench.temp / "compiling"
    folder.mkdir()
    sandbox = Sandbox.make(folder, {}, Deadline(60), PlainLog(bench.printed))
    claimed = [
        *(str(module), str(victim), f"{target}/../../../tools/helper.py"),
        *(f"{target}/q{end}{victim}" for end in ("\n", "\r", "\u2028")),
        *(str(link.parent / "helper.py"), str(target / "bin/python")),
    ]

    VenvCache(CacheFolder(bench.root / ".cache"), sandbox).compile(
        made.python, made.interpreter.path, claimed
    )

    assert [path.parent.parent for path in bench.root.rglob("*.pyc")] == [module.parent]
    bench.make(MLFLOW)
    assert "The environment is there already" in bench.log


def _job(root: Path, temp: Path, env: Mapping[str, str]) -> tuple[Path, str]:
    temp.mkdir()
    job = Bench(root, temp, env)
    return job.make(MLFLOW).python, job.log


@pytest.mark.exhaustive
def test_jobs_with_one_cache_wait_for_each_other(bench: Bench) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, mp_context=context) as pool:
        jobs = [
            pool.submit(_job, bench.root, bench.temp / str(number), bench.env)
            for number in range(3)
        ]
        done = [job.result() for job in jobs]

    assert len({python for python, _ in done}) == 1
    said = [log.count("The environment is there already") for _, log in done]
    assert sorted(said) == [0, 1, 1]


def other_python() -> str:
    """An interpreter of another minor version on this machine, by its path."""
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    listed = subprocess.run(
        [find_uv_bin(), "python", "list", "--only-installed", "--quiet"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    homes = Path.home().glob(".pyenv/versions/3.1*/bin/python3.1[0-9]")
    for path in [line.split()[1] for line in listed.splitlines()] + [*map(str, homes)]:
        said = subprocess.run(
            [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        if said not in ("", own) and said.startswith("3.1"):
            return path
    pytest.skip("no second Python: uv finds none of another minor version here")


@pytest.mark.exhaustive
@pytest.mark.parametrize("origin", ["input", "file", "project"])
def test_another_python_is_used_when_asked_for(bench: Bench, origin: str) -> None:
    python = other_python()
    version = Path(python).name.removeprefix("python")
    path = f"{Path(python).parent}:{os.environ['PATH']}"
    bench.project(".", "agent", MLFLOW)
    if origin == "file":
        bench.write(".python-version", f"# ours\n{version}\n")
    elif origin == "project":
        pyproject = bench.root / "pyproject.toml"
        pyproject.write_text(pyproject.read_text().replace(">=3.11", f"=={version}.*"))

    ours = bench.make(MLFLOW, path=path) if origin == "input" else None
    made = bench.make(
        agent="agents/agent.py", python=version if origin == "input" else None, path=path
    )

    argv = [str(made.python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    assert (
        subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip() == version
    )
    if ours:
        assert ours.lock == made.lock
        assert ours.python != made.python


@pytest.mark.exhaustive
@pytest.mark.parametrize("version", ["3.99", "nonsense", "--help", "../python"])
def test_a_python_that_cannot_be_had_is_told(bench: Bench, version: str) -> None:
    bench.write(".python-version", f"\n{version}\n")

    problem = bench.failure(MLFLOW)

    assert problem.what.startswith(f"`.python-version`: Python `{version}` is not there")
    assert str(problem.place) == ".python-version:2"
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" in problem.fix
    assert "(installed)" in problem.fix
