"""The models that calls ask for: by a client that asks Databricks, or by a prefixed name."""

import re
from collections.abc import Iterator

from entrypoint.resources.addresses import asked_for, is_elsewhere, models_kind
from entrypoint.resources.scan.arguments import Arguments, Found, Given
from entrypoint.resources.scan.evaluator import Evaluator
from entrypoint.resources.scan.known_calls import MODEL_CLIENTS, is_path_of
from entrypoint.resources.scan.values import MAX_CLIENT_LEVELS, CallResult, Symbol

_NAMES = {
    *("model", "model_name", "model_id", "ai_model_id", "llm"),
    *("endpoint", "endpoint_name", "embedding_model"),
}
# Where an `id` is a model's: in what is made of a module of models.
_OF_MODELS = re.compile(r"(?:\w+\.)+models\.[\w.]+")
# What takes a model's name without saying that it is one, and at which position.
_POSITIONS = (
    (
        re.compile(
            r".*\b\w*(?:Model|Chat|Completion|Embedder|Embedding|Like|LLM|Llm|LM|Databricks)"
        ),
        0,
    ),
    (re.compile(r".*\b(?:init_chat_model|get_langchain_chat_open_ai_client)"), 0),
    (re.compile(r"litellm\.a?(?:completion|embedding)"), 0),
    (re.compile(r"litellm\.a?(?:responses|text_completion)"), 1),
    (re.compile(r"mlflow\..*get_deploy_client\(\)\.predict(?:_stream)?"), 2),
)
# What a client, or a provider of models, is handed as.
_CLIENT = re.compile(r"|\w*(?:client|provider|options)\w*")
# What the address of a client is handed as; a `server_url` is one of its tools'.
_ADDRESS = re.compile(r"|url|\w*(?:api_url|base|endpoint|host|uri)\w*")
# LiteLLM's way of naming a model, LangChain's (which may stand anywhere), and MLflow's of judges.
_ON_DATABRICKS = re.compile(r"(?:litellm/)?databricks(?:/|:(?P<is_sure>[^/])).+")
_ANY_MODEL = re.compile(r"(?:\w+_)?(?:model|llm)(?:_\w+)?")
_PROVIDERS = re.compile(r"^(?!apps/)(?:[\w-]+[/:]/?)+")
# There, `databricks/...` is a name of Hugging Face's hub; and OpenAI's clients know no providers.
_OTHER_NAMES = re.compile(
    r"datasets\.|vllm\.|(?i:.*(?:open_?ai|hugging_?face|transformers|inferenceclient))"
)
# MLflow's name for the workspace, with a profile of the SDK's; and that of a provider of models.
_TARGET = re.compile(r"databricks(?:://\w*)?")
_TARGETS = re.compile(r"\w*(?:provider|uri)")
_GATEWAY = ("use_ai_gateway", "use_ai_gateway_native_api")
_ELSEWHERE = "elsewhere"
_ANSWERS_BY_ITSELF = {_ELSEWHERE, "app", "workspace"}


class Models:
    """Knows where each client goes, and what the models are called."""

    def __init__(self, evaluator: Evaluator, arguments: Arguments, workspace: str) -> None:
        self._arguments = arguments
        self._workspace = workspace
        self._known: dict[object, list[tuple[str, bool]]] = {}
        self._known_names: dict[object, list[Given]] = {}
        default = Symbol("agents.set_default_openai_client")
        # The client that the OpenAI Agents SDK uses when it is given no other.
        self._default_clients = [
            each.made
            for scope in evaluator.scopes
            for call in scope.calls
            if default in evaluator.values(call.func, scope)
            for each in arguments.of(CallResult(default.path, call, scope))
            if each.made
        ]

    def asked(self, call: CallResult) -> Iterator[Found]:
        """The models that the call asks for by name, or has something ask for."""
        kinds = dict.fromkeys(self._kinds(call))
        named = self._named(call)
        for each in named if kinds else ():
            if not (each.made and self._kinds(each.made)):
                # Of several in a configuration, one may go elsewhere.
                is_sure = len(named) == 1 or not each.is_inside
                for kind, certain in kinds:
                    if kind not in _ANSWERS_BY_ITSELF:
                        yield _reference(kind, each, certain=certain and is_sure)
        for each in self._arguments.of(call) if not kinds else ():
            if _is_prefixed(each, call.path, is_model=each in named):
                yield _reference("serving_endpoint", each)

    def _named(self, call: CallResult) -> list[Given]:
        """The arguments that are models; those inside of others only where there is no other."""
        key = (call.call, call.path)
        if key not in self._known_names:
            self._known_names[key] = self._arguments_named(call)
        return self._known_names[key]

    def _arguments_named(self, call: CallResult) -> list[Given]:
        arguments = self._arguments.of(call)
        names = {*_NAMES, "id"} if _OF_MODELS.fullmatch(call.path) else _NAMES
        named = [each for each in arguments if each.name in names and not any(self._kinds_of(each))]
        own = [each for each in named if not each.is_inside]
        at = {position for path, position in _POSITIONS if path.fullmatch(call.path)}
        return own or [each for each in arguments if each.position in at] or named

    def _kinds(self, call: CallResult, level: int = 0) -> list[tuple[str, bool]]:
        """What is asked for at the address that the call goes to: a kind, and whether that's sure.

        The address is the call's own, else its client's, or that of what it is handed.
        """
        key = (call.call, call.path, call.of)
        if key in self._known:
            return self._known[key]
        arguments = self._arguments.of(call)
        found = [kind for each in arguments for kind in self._kinds_of(each)]
        found += [
            ("serving_endpoint", each.text.certain)
            for each in arguments
            if each.text and _is_target(each, call.path)
        ]
        if not found and any(is_path_of(call.path, *client) for client in MODEL_CLIENTS):
            found = _own_kinds(call, arguments)
        if not found and level < MAX_CLIENT_LEVELS:
            makers = filter(None, (call.of, *self._handed(call)))
            found = [kind for each in makers for kind in self._kinds(each, level + 1)]
        self._known[key] = found
        return found

    def _handed(self, call: CallResult) -> list[CallResult]:
        """The clients and providers that a call is handed: what is made without a model."""
        clients = (
            each.made
            for each in self._arguments.of(call)
            if each.made and _CLIENT.fullmatch(each.name)
        )
        found = [each for each in clients if not self._named(each)]
        return found or (self._default_clients if call.path.startswith("agents.") else [])

    def _kinds_of(self, argument: Given) -> Iterator[tuple[str, bool]]:
        if (text := argument.text) and _ADDRESS.fullmatch(argument.name):
            if kind := models_kind(text.text, workspace=self._workspace):
                yield kind, text.certain
            elif is_elsewhere(text.text):
                yield _ELSEWHERE, text.certain


def _is_target(argument: Given, path: str) -> bool:
    """Whether an argument says that a client, or LiteLLM, is to ask Databricks."""
    is_named = _TARGETS.fullmatch(argument.name) or path.endswith("get_deploy_client")
    text = argument.text.text if argument.text and is_named else ""
    return _TARGET.fullmatch(text) is not None


def _is_prefixed(argument: Given, path: str, *, is_model: bool) -> bool:
    """Whether an argument names a model on Databricks by itself."""
    found = _ON_DATABRICKS.fullmatch(argument.text.text) if argument.text else None
    if not found or _OTHER_NAMES.match(path):
        return False
    return is_model or bool(found["is_sure"] or _ANY_MODEL.fullmatch(argument.name))


def _own_kinds(call: CallResult, arguments: tuple[Given, ...]) -> list[tuple[str, bool]]:
    """Those of a client that knows its address by itself: by the gateway or not."""
    gateway = [each.value for each in call.call.keywords if each.arg in _GATEWAY]
    written = [getattr(node, "value", None) for node in gateway]
    if True in written:
        return [("uc_model_service", True)]
    given = [each for each in arguments if each.name in _GATEWAY]
    # An address that isn't known may be an app's.
    has_address = any(
        each.name and each.name not in _NAMES and _ADDRESS.fullmatch(each.name)
        for each in arguments
    )
    is_certain = len(given) == written.count(False) and not has_address
    return [("serving_endpoint", is_certain)]


def _reference(kind: str, argument: Given, *, certain: bool = True) -> Found:
    text = argument.text
    name = _PROVIDERS.sub("", text.text) if text else None
    return asked_for(kind, name), certain and (text is None or text.certain)
