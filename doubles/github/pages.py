"""Lists, page by page."""

from typing import Any
from urllib.parse import urlencode

from doubles.databricks.request import Answer, Request

QUERY = frozenset({"page", "per_page"})


def page(items: list[Any], request: Request, address: str) -> Answer:
    """The page that is asked for, with links to the others; `address` is the list's own."""
    size = min(int(request.query.get("per_page", 30)), 100)
    number = int(request.query.get("page", 1))
    last = max(1, -(-len(items) // size))
    others = {"prev": number - 1, "first": 1} if number > 1 else {}
    if number < last:
        others |= {"next": number + 1, "last": last}
    links = ", ".join(
        f'<{address}?{urlencode({**request.query, "page": other})}>; rel="{relation}"'
        for relation, other in others.items()
    )
    found = items[(number - 1) * size : number * size]
    return Answer(found, headers={"Link": links} if links else {})
