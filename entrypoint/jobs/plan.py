"""The plan: everything that is known without running the agent."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from entrypoint.agent import artifact_inputs, conventions, manifest
from entrypoint.agent.build_spec import BuildSpec
from entrypoint.agent.environment import interpreter, mlflow_requirement, requirements
from entrypoint.agent.environment.uv_environment import Environment
from entrypoint.agent.file_tree import check_name
from entrypoint.agent.sandbox.variables import step_environ
from entrypoint.agent.source import agent_source, static_checks
from entrypoint.github import checkout_credentials
from entrypoint.inputs.inputs import BuildInputs
from entrypoint.inputs.yaml_file import read_yaml
from entrypoint.jobs import specification
from entrypoint.jobs.context import Job
from entrypoint.registry.labels import Labels
from entrypoint.registry.stores import Stores, not_configured
from entrypoint.resources import file as resources_file
from entrypoint.resources import variables
from entrypoint.resources.check.review import Review
from entrypoint.resources.resource import Declarations
from entrypoint.resources.scan import Findings, scan
from entrypoint.runtime.errors import InputFailure, Place, Problem
from entrypoint.runtime.log import Log


@dataclass(frozen=True)
class Plan:
    """What is to be done, with what."""

    mode: str
    inputs: BuildInputs
    requirements: requirements.Requirements
    python: interpreter.PythonRequest | None
    model_config: dict[str, Any] | None
    declarations: Declarations
    spec: BuildSpec
    labels: Labels
    stores: Stores | None
    variables: Mapping[str, str] = field(repr=False)
    """The step's own, which an endpoint has only when somebody sets them there."""

    @property
    def publishes_to(self) -> Stores | None:
        """Where something is to be written; None for a preview."""
        return None if self.mode == "preview" else self.stores

    @property
    def agents_registry(self) -> str:
        """The registry in which the agent reads, for example prompts: serving's own.

        An MLflow server is one to read in as well, if it needs no credentials.
        """
        uri = self.stores.registry_uri if self.stores else ""
        return uri if uri.startswith(("http:", "https:")) else "databricks-uc"

    @property
    def needs_login(self) -> bool:
        """Whether Databricks is where something is to be written."""
        return self.publishes_to is not None and self.publishes_to.at_databricks

    def manifest(self, environment: Environment) -> manifest.Manifest:
        """What goes into the agent, once its environment is known.

        Raises:
            InputFailure: two artifacts would end in one place.

        """
        spec, mlflow = self.spec, environment.lock.mlflow
        artifact_inputs.check_names(spec.artifacts, mlflow, spec.workspace)
        try:
            files, places = manifest.laid_out(
                spec.code, spec.code_paths.folder, spec.artifacts, mlflow
            )
        except ValueError as error:
            raise InputFailure(Problem(f"`artifacts`: {error}.")) from error
        given = {
            "model_config": self.model_config,
            "signature": spec.signature,
            "input_example": self.inputs.input_example and [self.inputs.input_example.value],
        }
        return manifest.Manifest.of(
            manifest.ManifestInputs(
                files=files,
                flavor=self.inputs.flavor,
                python_version=environment.python_version,
                requirements=environment.lock.lines,
                artifacts=places,
                given={name: value for name, value in given.items() if value is not None},
                resources=self.declarations.resources,
                scopes=self.declarations.api_scopes,
            )
        )

    def findings(self, workspace: str) -> Findings:
        """What the code uses of Databricks; nothing of it is run.

        `workspace`: the host of the one that the job logs in to, empty for none.
        """
        spec = self.spec

        def place(name: Path, line: int, column: int) -> Place | None:
            found = spec.place(Path("code", name), line)
            return found and replace(found, column=column)

        source = spec.source
        return scan(
            source.text,
            source.place,
            spec.code_paths.folder,
            place,
            self.model_config,
            variables=variables.without_secrets(self.variables),
            workspace=workspace,
        )

    def review(self, log: Log) -> Review:
        """The review of what the agent may use, before anything is seen."""
        agent = self.spec.shown
        beside = str(Path(agent).with_name("resources.yml"))
        level = self.inputs.check_resources
        return Review(self.declarations, level, Place(agent), beside, log)


def read(job: Job, inputs: BuildInputs, folder: Path) -> Plan:
    """Read what the inputs name; everything that can be wrong without running the agent is found.

    `folder` is for what is made of it.

    Raises:
        Failure: what is wrong.

    """
    event, workspace = job.event, job.workspace
    _give_notices(job, inputs)
    stores = Stores.choose(inputs, job.environ, workspace, on_github=bool(event.name))
    _check_target(job.mode, inputs, stores)
    agent = _agent(job, inputs)
    inputs = conventions.with_found(inputs, agent, workspace, job.log)
    artifact_inputs.check(inputs.artifacts, inputs.flavor, workspace)
    requested = _requirements(job, inputs, agent)
    if pinned := mlflow_requirement.pinned(requested):
        artifact_inputs.check_names(inputs.artifacts, pinned, workspace)
    python = interpreter.wanted(inputs.python_version, inputs.agent_path, requested, workspace)
    static_checks.check(agent, is_newer=python is not None and python.may_be_newer)
    declarations = _declarations(job, inputs)
    config = inputs.model_config
    return Plan(
        mode=job.mode,
        inputs=inputs,
        requirements=requested,
        spec=specification.read(job, inputs, agent, declarations, folder),
        model_config=read_yaml("model-config", config, workspace) if config else None,
        python=python,
        declarations=declarations,
        labels=Labels.make(inputs, event, agent.shown, workspace.root.name),
        stores=stores,
        variables=variables.of_step(step_environ(job.environ)),
    )


def _give_notices(job: Job, inputs: BuildInputs) -> None:
    if notice := job.event.preview_notice(inputs.mode):
        job.log.notice(notice)
    if job.event.on_github and (notice := checkout_credentials.notice(job.workspace.root)):
        job.log.notice(notice)


def _check_target(mode: str, inputs: BuildInputs, stores: Stores | None) -> None:
    if mode != "preview" and stores is None:
        raise not_configured(mode)
    if mode == "register" and inputs.uc_target is None:
        raise InputFailure(
            Problem(
                "`uc-target`: `mode: register` needs the name of the model.",
                "Add it to the step:\n\n    with:\n      uc-target: prod.agents.support",
            )
        )


def _agent(job: Job, inputs: BuildInputs) -> agent_source.AgentSource:
    try:
        check_name(inputs.agent_path)
    except ValueError as error:
        raise InputFailure(Problem(f"`agent-path`: {error}")) from error
    agent = agent_source.read(inputs.agent_path, job.workspace.relative(inputs.agent_path))
    if agent.left_out:
        left_out = ", ".join(agent.left_out)
        job.log.notice(Problem(f"`agent-path`: not Python, and left out: {left_out}."))
    return agent


def _requirements(
    job: Job, inputs: BuildInputs, agent: agent_source.AgentSource
) -> requirements.Requirements:
    """Those of the input, else those that are found; a notebook's `%pip` lines come on top."""
    of_notebook = requirements.given(agent.requirements, job.workspace, inputs.agent_path)
    if of_notebook != requirements.Requirements():
        job.log.notice(
            Problem(
                f"`requirements`: the notebook's `%pip install` lines are taken:"
                f" {', '.join(agent.requirements)}."
            )
        )
    if inputs.requirements:
        asked = requirements.given(inputs.requirements, job.workspace, inputs.agent_path)
    else:
        try:
            asked = requirements.found(inputs.agent_path, job.workspace)
        except InputFailure:
            if of_notebook == requirements.Requirements():
                raise
            return of_notebook
    return asked + of_notebook


def _declarations(job: Job, inputs: BuildInputs) -> Declarations:
    file = inputs.resources_file or resources_file.found(inputs.agent_path, job.workspace)
    if file is None:
        return Declarations()
    return resources_file.read(file, job.workspace, step_environ(job.environ))
