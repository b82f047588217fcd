"""The paths that the double knows, and how strictly it takes what comes with them."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from doubles.databricks.request import Answer, Request, Violation


@dataclass(frozen=True)
class Route:
    """A verb and a path, with `{name}` for a segment and `{name*}` for all that follow.

    `query` and `fields` are the parameters and the body's JSON fields that the API documents. A
    `binary` body is no JSON; an `opaque` request is for its handler alone to judge. `public` needs
    no token. What only `asks` changes nothing, whatever its verb.
    """

    verb: str
    path: str
    handle: Callable[[Request], Answer]
    query: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    binary: bool = False
    opaque: bool = False
    public: bool = False
    asks: bool = False

    @property
    def writes(self) -> bool:
        """Whether something is another afterwards."""
        return self.verb not in ("GET", "HEAD") and not self.asks

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a path looks like that is meant."""
        path = re.sub(r"\\{(\w+)\\\*\\}", r"(?P<\1>.+)", re.escape(self.path))
        return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", path))


class Routes:
    """All of them; the first that fits is taken."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(route.pattern, route) for route in routes]

    def find(self, request: Request) -> tuple[Route, Request]:
        """The route of a request, and the request with the parts of its path.

        Raises:
            Violation: no such path, or not with this verb.

        """
        verbs = set()
        for pattern, route in self._routes:
            if fits := pattern.fullmatch(request.path):
                if route.verb == request.verb:
                    return route, replace(request, parts=fits.groupdict())
                verbs.add(route.verb)
        said = f"{request.verb} {request.path}"
        if verbs:
            raise Violation(
                405,
                "METHOD_NOT_ALLOWED",
                f"{said}: method not allowed",
                {"Allow": ", ".join(sorted(verbs))},
            )
        raise Violation(404, "ENDPOINT_NOT_FOUND", f"No API found for '{said}'")


def check(route: Route, request: Request) -> None:
    """Hold a request against what its route documents.

    Raises:
        Violation: a parameter or a field that the API doesn't have.

    """
    if route.opaque:
        return
    if unknown := request.query.keys() - route.query:
        raise Violation(
            400, "BAD_REQUEST", f"{request.path}: unknown query parameter {sorted(unknown)}"
        )
    if route.binary or not request.body:
        return
    try:
        fields = json.loads(request.body)
    except ValueError as error:
        raise Violation(
            400, "MALFORMED_REQUEST", f"{request.path}: the body is no JSON: {error}"
        ) from error
    if not isinstance(fields, dict):
        raise Violation(400, "MALFORMED_REQUEST", f"{request.path}: the body is no JSON object")
    if unknown := fields.keys() - route.fields:
        raise Violation(
            400, "BAD_REQUEST", f"{request.path}: unknown field {sorted(unknown)} in the body"
        )
