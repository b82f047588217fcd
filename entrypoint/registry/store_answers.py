"""What an error of MLflow's means: the store refuses, its answer can't be read, or the token ended.

MLflow has one class for most of it, so its words and what it was made of are looked at:
`http_request` and `verify_rest_response` in mlflow/utils/rest_utils.py.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr

from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]
from mlflow.entities import Experiment, LoggedModel, Run
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException, RestException
from requests.exceptions import ChunkedEncodingError, ContentDecodingError

from entrypoint.databricks.store_errors import says_token_refused
from entrypoint.runtime.errors import Failure
from entrypoint.runtime.log import Log, LogStream

# What a store can answer with: MLflow's own errors; a refused upload (requests' errors are
# OSErrors), a file system; a database whose driver isn't there.
REFUSALS = (MlflowException, OSError, ImportError)
# An answer that ends early or is encoded otherwise than it says; no JSON, or not of its shape.
UNREADABLE = (ChunkedEncodingError, ContentDecodingError, json.JSONDecodeError, ParseError)
_NO_JSON = re.compile(
    r"API request to endpoint (was successful but the response body was not|\S+ failed with error)"
)
# Databricks refuses a token with a number in place of an error's code:
# https://github.com/databricks/databricks-sdk-go/issues/917
_LOGIN_CODES = {"401", "403", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED"}


@contextmanager
def refusals_as(failure: Callable[[Exception], Failure], log: Log) -> Iterator[None]:
    """Raise the `failure` that explains a store's refusal; what MLflow prints goes to the log.

    Raises:
        Failure: the store refused.

    """
    try:
        with redirect_stderr(LogStream(log)):
            yield
    except REFUSALS as error:
        raise failure(error) from error


def is_unreadable(error: Exception) -> bool:
    """Whether the server answered with something that can't be parsed."""
    if isinstance(error, MlflowException):
        return bool(_NO_JSON.match(str(error))) or isinstance(error.__context__, UNREADABLE)
    return isinstance(error, UNREADABLE)


def is_blank(answer: object) -> bool:
    """Whether it is an entity without an id, which MLflow makes of an empty body."""
    match answer:
        case Run():
            return not answer.info.run_id
        case Experiment():
            return not answer.experiment_id
        case LoggedModel():
            return not answer.model_id
        case ModelVersion():
            return not answer.version
        case RegisteredModel():
            return not answer.name
    return answer == ""


def is_login_refused(error: Exception) -> bool:
    """Whether the workspace refused the token; then it did nothing of the request."""
    if says_token_refused(str(error)):
        return True
    if isinstance(error, RestException):
        return str(error.json.get("error_code")) in _LOGIN_CODES
    return str(getattr(error, "error_code", "")) in _LOGIN_CODES
