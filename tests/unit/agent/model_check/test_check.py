"""A model directory that is not what its manifest makes of it, and one that is."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrypoint.agent.manifest import PATH, Manifest, ManifestInputs, laid_out
from entrypoint.agent.model_check.check import check
from entrypoint.resources.resource import Resource

AGENT = """
import mlflow


class Agent(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return ["an answer"]


mlflow.models.set_model(Agent())
"""
WORKER = Path(__file__).parents[4] / "entrypoint/agent/worker"
MLFLOW = "3.17.2"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
LINES = (
    "--extra-index-url https://packages.example/simple",
    f"mlflow=={MLFLOW}",
    "numpy==2.2.6 ; sys_platform == 'linux'",
    "tools @ git+https://github.com/org/tools@0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c",
)
CONFIG = {"endpoint": "e", "words": 3}
SIGNATURE = {
    "inputs": '[{"name": "question", "type": "string"}]',
    "outputs": '[{"type": "string"}]',
}
RESOURCES = (
    Resource("serving_endpoint", "claude"),
    Resource("table", "prod.sales.orders", on_behalf_of_user=True),
)
PAYROLL = {"name": "prod.hr.payroll"}


@dataclass
class Model:
    """A model directory and what went into it."""

    folder: Path
    ingredients: ManifestInputs

    @property
    def manifest(self) -> Manifest:
        return Manifest.of(self.ingredients)

    def check(self, inferred: Any = ()) -> str:
        return "\n".join(check(self.folder, self.manifest, inferred))

    def edit(self, name: str, change: Callable[[Any], Any]) -> None:
        """Change what a YAML file holds."""
        path = self.folder / name
        content = yaml.safe_load(path.read_text())
        change(content)
        path.write_text(yaml.safe_dump(content))

    def with_(self, **changes: Any) -> "Model":
        return replace(self, ingredients=replace(self.ingredients, **changes))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model as the worker builds it, with everything in it that an agent can have."""
    folder = tmp_path_factory.mktemp("built")
    for name, text in {
        "agent.py": AGENT,
        "code/tools/search.py": "def search(): ...\n",
        "data/index.bin": "index",
        "prompt.txt": "Be kind.\n",
        "remote/weights.bin": "weights",
        "config.yml": json.dumps(CONFIG),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "artifacts").mkdir()
    uri = f"file://{folder}/remote/weights.bin"
    places: list[tuple[str, Path | str]] = [
        ("prompt", folder / "prompt.txt"),
        ("index", folder / "data"),
        ("weights", uri),
    ]
    files, artifacts = laid_out(folder / "agent.py", folder / "code", places)
    resources = {
        "api_version": "1",
        "databricks": {
            "serving_endpoint": [{"name": "claude"}],
            "table": [{"name": "prod.sales.orders", "on_behalf_of_user": True}],
        },
    }
    job = {
        "agent": str(folder / "agent.py"),
        "agent_folders": [],
        "artifacts": {
            "prompt": {"uri": False, "given": "agent/prompt.txt", "path": str(places[0][1])},
            "index": {"uri": False, "given": "agent/data", "path": str(places[1][1])},
            "weights": {"uri": True, "given": uri},
        },
        "artifacts_folder": str(folder / "artifacts"),
        "authorization": {"resources": resources},
        "checkout": f"{folder}/",
        "code": str(folder / "code"),
        "code_paths": [str(folder / "code/tools")],
        "downloaded": {},
        "flavor": "auto",
        "import_paths": [],
        "input_example": None,
        "logged_in": False,
        "model": str(folder / "model"),
        "model_config": str(folder / "config.yml"),
        "requirements": LINES,
        "signature": SIGNATURE,
        "verify": "predict",
        "working_folder": str(folder),
    }
    (folder / "job.json").write_text(json.dumps(job))
    subprocess.run(
        [sys.executable, "-W", "ignore", WORKER, str(folder / "job.json"), "1", "1"],
        cwd=folder,
        input=json.dumps({"stage": "build", "environ": {}}).encode(),
        env={**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/store.db"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    given_ = {"model_config": CONFIG, "signature": SIGNATURE}
    return Model(
        folder / "model",
        ManifestInputs(files, "auto", PYTHON, LINES, artifacts, given_, RESOURCES),
    )


@pytest.fixture
def model(built: Model, tmp_path: Path) -> Model:
    """A copy of it."""
    shutil.copytree(built.folder, tmp_path / "model")
    return replace(built, folder=tmp_path / "model")


def test_a_model_as_it_was_built(model: Model) -> None:
    assert model.check() == ""

    model.manifest.write(model.folder)

    assert model.check() == ""


def test_prompts_that_were_loaded(model: Model) -> None:
    model.edit("MLmodel", put(prompts=["prompts:/prod.agents.tone/3"]))

    assert model.check() == ""


def pyfunc(content: Any) -> Any:
    return content["flavors"]["python_function"]


def put(**keys: Any) -> Callable[[Any], Any]:
    return lambda content: content.update(keys)


def put_flavor(**keys: Any) -> Callable[[Any], Any]:
    return lambda content: pyfunc(content).update(keys)


MLMODEL: dict[str, tuple[Callable[[Any], Any], str]] = {
    "one more table": (
        lambda content: content["resources"]["databricks"]["table"].append(PAYROLL),
        "`resources`",
    ),
    "one more kind": (
        lambda content: content["resources"]["databricks"].update(function=[PAYROLL]),
        "`resources`",
    ),
    "one resource less": (
        lambda content: content["resources"]["databricks"].pop("table"),
        "`resources`",
    ),
    "on whose behalf": (
        lambda content: content["resources"]["databricks"]["table"][0].pop("on_behalf_of_user"),
        "`resources`",
    ),
    "a number for true": (
        lambda content: content["resources"]["databricks"]["table"][0].update(on_behalf_of_user=1),
        "`resources`",
    ),
    "no resources": (lambda content: content.pop("resources"), "`resources` is absent"),
    "odd resources": (put(resources=[1]), "`resources`"),
    "a policy beside them": (
        put(auth_policy={"user_auth_policy": {"api_scopes": ["sql"]}}),
        "`auth_policy`",
    ),
    "another entry file": (put_flavor(model_code_path="code/tools/search.py"), "model_code_path"),
    "an entry file outside": (put_flavor(model_code_path="/tmp/agent.py"), "model_code_path"),
    "another loader": (put_flavor(loader_module="tools.search"), "loader_module"),
    "data that is loaded": (put_flavor(data="code"), "python_function.data"),
    "a pickled model": (put_flavor(python_model="artifacts/weights.bin"), "python_model"),
    "other code": (put_flavor(code="artifacts"), "python_function.code"),
    "no code": (put_flavor(code=None), "python_function.code` is absent"),
    "code outside": (put_flavor(code="../code"), "python_function.code"),
    "another environment": (
        put_flavor(env={"conda": "/tmp/conda.yaml", "virtualenv": "python_env.yaml"}),
        "python_function.env.conda",
    ),
    "one environment less": (put_flavor(env="conda.yaml"), "python_function.env"),
    "another config": (put_flavor(config={**CONFIG, "endpoint": "evil"}), "python_function.config"),
    "no config": (put_flavor(config=None), "python_function.config` is absent"),
    "another Python": (put_flavor(python_version="2.7.18"), "python_function.python_version"),
    "a function that streams": (put_flavor(predict_stream_fn="leak"), "predict_stream_fn"),
    "an artifact outside": (
        lambda content: pyfunc(content)["artifacts"]["prompt"].update(path="../../etc/passwd"),
        "artifacts.prompt.path",
    ),
    "an artifact's URI": (
        lambda content: pyfunc(content)["artifacts"]["weights"].update(uri="s3://evil/weights.bin"),
        "artifacts.weights.uri",
    ),
    "a local artifact's URI": (
        lambda content: pyfunc(content)["artifacts"]["prompt"].update(uri="s3://evil/prompt.txt"),
        "artifacts.prompt.uri",
    ),
    "a fetched artifact outside": (
        lambda content: pyfunc(content)["artifacts"]["weights"].update(path="artifacts/../code"),
        "artifacts.weights.path",
    ),
    "a fetched artifact over another": (
        lambda content: pyfunc(content)["artifacts"]["weights"].update(path="artifacts/data"),
        "artifacts.weights.path",
    ),
    "a fetched artifact over all": (
        lambda content: pyfunc(content)["artifacts"]["weights"].update(path="artifacts/."),
        "artifacts.weights.path",
    ),
    "one more artifact": (
        lambda content: pyfunc(content)["artifacts"].update(more={"path": "a", "uri": "b"}),
        "artifacts.more",
    ),
    "one more flavor": (
        lambda content: content["flavors"].update(sklearn={"pickled_model": "x"}),
        "flavors.sklearn",
    ),
    "another flavor": (
        lambda content: content["flavors"].update(langchain={"code": "code"}),
        "loader_module",
    ),
    "no flavors": (put(flavors=None), "`flavors` is absent"),
    "another MLflow": (put(mlflow_version="3.17.1"), "mlflow_version"),
    "MLflow that isn't one": (put(mlflow_version=["3.17.2"]), "mlflow_version"),
    "a newer MLflow than locked": (put(mlflow_version="99.0.0", unknown=1), "mlflow_version"),
    "another signature": (
        lambda content: content["signature"].update(inputs='[{"type": "long"}]'),
        "`signature`",
    ),
    "no signature": (lambda content: content.pop("signature"), "`signature` is absent"),
    "metadata": (put(metadata={"notes": "x"}), "metadata.notes"),
    "a task that is none": (put(metadata={"task": "run\nthis"}), "metadata.task"),
    "an example elsewhere": (
        put(saved_input_example_info={"artifact_path": "../example.json", "type": "json_object"}),
        "saved_input_example_info.artifact_path",
    ),
    "prompts": (put(prompts=["models:/evil/1"]), "`prompts`"),
    "a prompt": (put(prompts="prompts:/a/1"), "`prompts`"),
    "variables": (put(env_vars=["DATABRICKS_TOKEN"]), "`env_vars`"),
    "an unknown key": (put(hooks="evil"), "`hooks`"),
    "an unknown key of a flavor": (put_flavor(hooks="evil"), "python_function.hooks"),
}


@pytest.mark.parametrize("change", MLMODEL)
def test_mlmodel_that_says_something_else(model: Model, change: str) -> None:
    edit, words = MLMODEL[change]
    model.edit("MLmodel", edit)

    said = model.check()

    assert said.startswith("`MLmodel`: ")
    assert words in said


def test_a_difference_says_what_stands_there_and_what_should(model: Model) -> None:
    model.edit("MLmodel", put_flavor(model_code_path="evil.py"))

    assert model.check() == (
        "`MLmodel`: `flavors.python_function.model_code_path` is"
        ' "evil.py", and should be "agent.py".'
    )


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


# Each list holds the one before it.
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}]\n" for n in range(400))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"resources: {}\nresources: {}\n", "given twice"),
        (b"a: &a {b: 1}\nc: {<<: *a}\n", "`<<`"),
        (b"a: !!python/object/apply:os.system ['true']\n", "python"),
        (BOMB.encode(), "values"),
        (CHAIN.encode(), "deep"),
        (b"a: &a [*a]\n", "stands in itself"),
        (b"a: " + b"[" * 5_000, "deep"),
        (b"a: " + b"{b: " * 3_000, "deep"),
        (b"- " * 3_000, "deep"),
        (b"a: " + b"1:1" * 3_000 + b"\n", ""),
        (b"a: 1" + b":10" * 3_000 + b"\n", "number"),
        (b"a: " + b"9" * 5_000 + b"\n", "number"),
        (b"a: 2020-99-99\n", "YAML"),
        (b"a: 1\n---\nb: 2\n", "document"),
        (b"[1]: 2\n", "YAML"),
        ("a: ä\n".encode("latin-1"), "UTF-8"),
        ("a: 1\n".encode("utf-16"), "UTF-8"),
        (b"a: \0\n", "YAML"),
        (b"x" * 6_000_000, "larger than 5 MB"),
        (b"", "keys and values"),
        (b"[]", "keys and values"),
        (b"{", "YAML"),
    ],
)
@pytest.mark.parametrize("name", ["MLmodel", "conda.yaml", "python_env.yaml"])
def test_yaml_that_mlflow_does_not_write(
    model: Model, name: str, content: bytes, words: str
) -> None:
    (model.folder / name).write_bytes(content)

    said = model.check()

    assert f"`{name}`" in said
    assert words in said


REQUIREMENTS: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "an index": (lambda lines: [*lines, "--index-url https://evil.example"], "has the options"),
    "no index": (lambda lines: lines[1:], "has the options []"),
    "a package": (lambda lines: [*lines, "evil==1"], 'beside what is locked, "evil==1"'),
    "one less": (lambda lines: lines[:2] + lines[3:], 'lacks the locked "numpy==2.2.6'),
    "another version": (lambda lines: [*lines[:1], "mlflow==3.17.1", *lines[2:]], "mlflow==3.17.1"),
    "twice": (lambda lines: [*lines, lines[1]], "has twice"),
    "an option behind a pin": (
        lambda lines: [*lines[:1], lines[1] + " --index-url https://evil.example", *lines[2:]],
        "evil.example",
    ),
    "constraints": (lambda lines: [*lines, "-c constraints.txt"], "-c constraints.txt"),
    "other requirements": (lambda lines: [*lines, "-r /tmp/more.txt"], "-r /tmp/more.txt"),
    "a path": (lambda lines: [*lines, "./code/evil"], "./code/evil"),
}


@pytest.mark.parametrize("change", REQUIREMENTS)
def test_requirements_that_are_not_the_locked_ones(model: Model, change: str) -> None:
    edit, words = REQUIREMENTS[change]
    path = model.folder / "requirements.txt"
    path.write_text("\n".join(edit(path.read_text().splitlines())))

    said = model.check()

    assert said.startswith("`requirements.txt` ")
    assert words in said

    path.write_text("\n".join(model.ingredients.requirements))
    model.edit(
        "conda.yaml",
        lambda content: content["dependencies"][2].update(
            pip=edit(content["dependencies"][2]["pip"])
        ),
    )

    assert model.check().startswith("`conda.yaml`: `dependencies` ")


def test_requirements_in_another_order_and_spelling(model: Model) -> None:
    option, *pins = model.ingredients.requirements
    lines = [option, *(pin.replace(" @ ", "@ ").replace("'", '"') for pin in reversed(pins))]
    (model.folder / "requirements.txt").write_text("\n".join(lines))

    assert model.check() == ""


def test_what_mlflow_leaves_out_of_the_requirements(model: Model) -> None:
    more = [*LINES, "databricks-connect==16.1.0", "pyspark==3.5.0"]
    for lines in (more, [*LINES, "pyspark==3.5.0"]):
        (model.folder / "requirements.txt").write_text("\n".join(lines[:-1]))
        is_complete = "requirements.txt" not in model.with_(requirements=lines).check()
        assert is_complete == (lines is more)


ENVIRONMENTS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "a channel": ("conda.yaml", lambda content: content["channels"].append("evil")),
    "another channel": ("conda.yaml", put(channels=["https://evil.example"])),
    "a conda package": ("conda.yaml", lambda content: content["dependencies"].insert(2, "evil")),
    "conda's Python": (
        "conda.yaml",
        lambda content: content["dependencies"].__setitem__(0, "python=2.7.18"),
    ),
    "conda's pip": (
        "conda.yaml",
        lambda content: content["dependencies"].__setitem__(1, "pip @ https://evil.example/pip"),
    ),
    "variables": ("conda.yaml", put(variables={"PYTHONSTARTUP": "evil.py"})),
    "another prefix": ("conda.yaml", put(prefix="/")),
    "Python": ("python_env.yaml", put(python="2.7.18")),
    "a build tool": (
        "python_env.yaml",
        lambda content: content["build_dependencies"].append("evil==1"),
    ),
    "build tools from elsewhere": (
        "python_env.yaml",
        put(build_dependencies=["pip", "setuptools @ https://evil.example/s.whl", "wheel"]),
    ),
    "other requirements": ("python_env.yaml", put(dependencies=["-r other.txt"])),
}


@pytest.mark.parametrize("change", ENVIRONMENTS)
def test_an_environment_that_is_another(model: Model, change: str) -> None:
    name, edit = ENVIRONMENTS[change]
    model.edit(name, edit)

    assert model.check().startswith(f"`{name}`: ")


@pytest.mark.parametrize(
    "name",
    [
        "evil.py",
        "sitecustomize.py",
        "code/evil.py",
        "code/tools/search.pth",
        "code/__pycache__/search.cpython-312.pyc",
        "artifacts/evil.bin",
        "artifacts/data/evil.bin",
        "artifacts/__pycache__/x.pyc",
        "artifacts/weights.bin.py",
        "log_agent/evil.json",
        "settings.json",
        "constraints.txt",
        "environment_variables.txt",
        "uv.lock",
        "pyproject.toml",
        "metadata/MLmodel",
        "mlmodel",
        "odd\n::error::name",
        "b\udcff",
    ],
)
def test_a_file_that_nobody_knows(model: Model, name: str) -> None:
    (model.folder / name).parent.mkdir(parents=True, exist_ok=True)
    (model.folder / name).write_text("")

    said = model.check()

    assert "is neither in the manifest nor a file of MLflow's own." in said
    assert "\n::error" not in said
    said.encode()


def test_files_that_are_missing_or_others(model: Model) -> None:
    (model.folder / "agent.py").write_text(AGENT.replace("an answer", "no answer"))
    (model.folder / "code/tools/search.py").write_text("longer than it was\n")
    (model.folder / "artifacts/prompt.txt").unlink()
    (model.folder / "python_env.yaml").unlink()
    # It comes from a URI.
    (model.folder / "artifacts/weights.bin").write_text("other weights")

    assert model.check().splitlines() == [
        "`agent.py` is not the file of which the manifest has the hash.",
        "`artifacts/prompt.txt` is missing.",
        "`code/tools/search.py` is not the file of which the manifest has the hash.",
        "`python_env.yaml` is missing.",
    ]


@pytest.mark.parametrize("name", ["agent.py", "MLmodel", "requirements.txt", "code/more", "more"])
@pytest.mark.parametrize("kind", ["pipe", "link", "link to a folder", "endless"])
def test_what_is_no_file(model: Model, name: str, kind: str) -> None:
    path = model.folder / name
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"link": __file__, "link to a folder": "/", "endless": "/dev/zero"}[kind])

    said = model.check()

    assert f"`{name}` is " in said
    assert ("neither a file nor a folder" if kind == "pipe" else "a link") in said


def test_folders_that_are_nested_without_an_end(model: Model) -> None:
    folder = os.open(model.folder / "code", os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("a", dir_fd=folder)
        inner = os.open("a", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)

    try:
        (said,) = check(model.folder, model.manifest, ())
    finally:
        subprocess.run(["rm", "-r", str(model.folder)], check=True)

    assert "lies more than 100 folders deep" in said


def test_a_folder_that_nobody_knows(model: Model) -> None:
    (model.folder / "mlflow/inner").mkdir(parents=True)
    (model.folder / "code/empty").mkdir()

    assert model.check() == "`mlflow` is a folder that MLflow does not make."


def test_many_differences_are_counted(model: Model) -> None:
    for number in range(1_000):
        (model.folder / f"{number}.py").write_text("")

    *_, last = model.check().splitlines()

    assert last == "… and 900 more."


def test_a_manifest_that_is_another(model: Model) -> None:
    model.manifest.write(model.folder)
    (model.folder / PATH).write_text("{}")

    assert model.check() == f"`{PATH}` is not the manifest of what was read."


@pytest.mark.parametrize(
    "change",
    [
        {"resources": [{"kind": "table"}]},
        {"requirements": [1]},
        {"scopes": None},
        {"files": {}},
        {"given": []},
        {"more": 1},
    ],
)
def test_a_manifest_that_says_nonsense(model: Model, change: dict[str, Any]) -> None:
    manifest = Manifest(json.dumps({**model.manifest.content, **change}))

    (said,) = check(model.folder, manifest)

    assert said.startswith(f"`{PATH}` ")


class TestScopes:
    """An agent that acts on behalf of its user."""

    @pytest.fixture
    def model(self, model: Model) -> Model:
        def change(content: Any) -> None:
            system = {"resources": content.pop("resources")}
            user = {"api_scopes": ["sql", "genie"]}
            content["auth_policy"] = {"system_auth_policy": system, "user_auth_policy": user}

        model.edit("MLmodel", change)
        return model.with_(scopes=("genie", "sql"))

    def test_as_they_are(self, model: Model) -> None:
        assert model.check() == ""

    @pytest.mark.parametrize(
        "scopes", [["sql"], ["sql", "genie", "files"], "sql", [1, "sql"], None]
    )
    def test_other_ones(self, model: Model, scopes: Any) -> None:
        model.edit(
            "MLmodel",
            lambda content: content["auth_policy"]["user_auth_policy"].update(api_scopes=scopes),
        )

        assert "`auth_policy.user_auth_policy.api_scopes`" in model.check()

    def test_resources_that_are_others(self, model: Model) -> None:
        model.edit(
            "MLmodel",
            lambda content: content["auth_policy"]["system_auth_policy"]["resources"]["databricks"][
                "table"
            ].append(PAYROLL),
        )

        assert "`auth_policy.system_auth_policy.resources`" in model.check()

    def test_without_resources(self, model: Model) -> None:
        model.edit("MLmodel", lambda content: content["auth_policy"].update(system_auth_policy={}))

        assert model.with_(resources=()).check() == ""
        assert "system_auth_policy.resources" in model.check()


class TestLangChain:
    """MLflow records the resources of a LangChain object where none are declared."""

    @pytest.fixture
    def model(self, model: Model) -> Model:
        def change(content: Any) -> None:
            content["flavors"]["langchain"] = {"code": "code", "langchain_version": "1.0.0"}
            pyfunc(content).update(loader_module="mlflow.langchain", artifacts=None)
            content["resources"]["databricks"] = {"serving_endpoint": [{"name": "claude"}]}

        model.edit("MLmodel", change)
        shutil.rmtree(model.folder / "artifacts")
        files = {
            name: path
            for name, path in model.ingredients.files.items()
            if not name.startswith("artifacts/")
        }
        return model.with_(resources=(), artifacts={}, files=files)

    def test_what_was_seen_while_it_was_built(self, model: Model) -> None:
        assert model.check([("serving_endpoint", "claude")]) == ""
        assert "`resources`" in model.check([("serving_endpoint", "llama")])
        assert "`resources`" in model.check([])

    def test_what_is_not_known_any_more(self, model: Model) -> None:
        assert model.check(None) == ""

        model.edit(
            "MLmodel",
            lambda content: content["resources"]["databricks"].update(table=[PAYROLL]),
        )

        assert "`resources`" in model.check(None)

    def test_nothing_is_taken_beside_what_is_declared(self, model: Model) -> None:
        declared = model.with_(resources=RESOURCES)

        assert "`resources`" in declared.check([("serving_endpoint", "claude")])

    def test_of_another_flavor_it_is_not_taken(self, model: Model) -> None:
        said = model.with_(flavor="pyfunc").check([("serving_endpoint", "claude")])

        assert "`resources`" in said


class TestNewMlflow:
    """One that may write keys that this version has not heard of."""

    @pytest.fixture
    def model(self, model: Model) -> Model:
        lines = [line.replace(MLFLOW, "99.0.0") for line in LINES]
        for name in ("MLmodel", "conda.yaml", "requirements.txt"):
            path = model.folder / name
            path.write_text(path.read_text().replace(MLFLOW, "99.0.0"))
        return model.with_(requirements=lines)

    def test_writes_new_keys(self, model: Model) -> None:
        model.edit("MLmodel", put(cards=["a card"]))
        model.edit("MLmodel", put_flavor(threads=4))

        assert model.check() == ""

    @pytest.mark.parametrize(
        "change",
        [
            put(prompts=["models:/evil/1"]),
            put(auth_policy={}),
            put_flavor(data="code"),
            put_flavor(python_model="artifacts/weights.bin"),
            lambda content: content["flavors"].update(evil={}),
        ],
    )
    def test_loads_nothing_else(self, model: Model, change: Callable[[Any], Any]) -> None:
        model.edit("MLmodel", change)

        assert model.check().startswith("`MLmodel`: ")


@pytest.mark.parametrize(
    ("given_", "there", "is_same"),
    [
        ('[{"name": "a", "type": "string"}]', '[{"name": "a", "type": "string"}]', True),
        ('[{"type": "long", "optional": true}]', '[{"type": "long", "required": false}]', True),
        ('[{"type": "long"}]', '[{"type": "long", "required": false}]', False),
        (
            '[{"type": "tensor", "tensor-spec": {"dtype": "float", "shape": [-1]}}]',
            '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]',
            True,
        ),
        (
            '[{"type": "object", "properties": {"b": {"type": "any"}}}]',
            '[{"type": "object", "properties": {"b": {"type": "any", "required": true}}}]',
            True,
        ),
        ('[{"type": "long"}, {"type": "string"}]', '[{"type": "string"}, {"type": "long"}]', False),
        ('[{"type": "long"}]', "[" * 100_000, False),
        ('[{"type": "long"}]', "no JSON", False),
    ],
)
def test_signatures_that_mean_the_same(
    model: Model, given_: str, there: str, *, is_same: bool
) -> None:
    model.edit("MLmodel", lambda content: content["signature"].update(inputs=there))
    signature = {**SIGNATURE, "inputs": given_}

    said = model.with_(given={**model.ingredients.given, "signature": signature}).check()

    assert (said == "") == is_same


@pytest.mark.parametrize(
    "config",
    [
        "a: 2020-01-01\nb: !!binary aGk=\nc: .inf\n1: [1.5, null, true]\n",
        "a: &it {b: 1}\nc: *it\n",
        "a: !!pairs [b: 1, b: 2]\n",
        "a: !!set {b, c}\n",
    ],
)
def test_a_config_as_yaml_has_it(model: Model, config: str) -> None:
    values = yaml.safe_load(config)
    model.edit("MLmodel", put_flavor(config=values))

    changed = model.with_(given={**model.ingredients.given, "model_config": values})

    assert changed.check() == ""


values_ = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


@settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_anything_is_data(model: Model, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["MLmodel", "conda.yaml", "python_env.yaml"]))
    path = model.folder / name
    before = path.read_text()
    content = place = yaml.safe_load(before)
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(values_)
    try:
        path.write_text(yaml.safe_dump(content))
        said = model.check()
    finally:
        path.write_text(before)

    assert said == "" or said.startswith(f"`{name}`")
