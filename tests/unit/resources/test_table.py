"""The table of resources in the report."""

from entrypoint.resources.resource import Declarations, DeclaredResource, Resource, Use, UseOrigin
from entrypoint.resources.table import Line, Table
from entrypoint.runtime.errors import Place


def declaring(*resources: Resource) -> Declarations:
    place = Place("resources.yml", 1)
    return Declarations("resources.yml", tuple(DeclaredResource(each, place) for each in resources))


def use(
    kind: str, name: str | None, source: UseOrigin = "code", *, for_the_user: bool = False
) -> Use:
    return Use(kind, name, "call(...)", source, None, for_the_user)


def filled(declarations: Declarations, *uses: Use) -> list[Line]:
    table = Table()
    table.fill(declarations, uses, {})
    return table.lines


def seen(line: Line) -> str:
    return " ".join(
        word
        for word, is_so in (
            ("user" if line.on_behalf_of_user else "system", True),
            ("declared", line.declared),
            ("code", line.in_code),
            ("observed", line.observed),
        )
        if is_so
    )


def test_declared_ones_come_first_and_in_the_files_order() -> None:
    given = declaring(Resource("table", "prod.sales.orders"), Resource("app", "shop"))

    lines = filled(given, use("lakebase", "memory"), use("app", "shop"))

    assert [line.name for line in lines] == ["prod.sales.orders", "shop", "memory"]
    assert [line.title for line in lines] == ["table", "app", "Lakebase instance"]
    assert [seen(line) for line in lines] == [
        "system declared",
        "system declared code",
        "system code",
    ]


def test_a_resource_has_one_line_wherever_it_was_seen() -> None:
    given = declaring(Resource("table", "prod.sales.orders"))
    name = "PROD.sales.Orders"

    (line,) = filled(given, use("table", name), use("table", name, "observed"))

    assert (line.name, seen(line)) == ("prod.sales.orders", "system declared code observed")


def test_what_mlflow_infers_is_in_the_code() -> None:
    (line,) = filled(Declarations(), use("app", "shop", "inferred"))

    assert seen(line) == "system code"


def test_endpoints_have_a_case() -> None:
    assert len(filled(declaring(Resource("app", "Shop")), use("app", "shop"))) == 2


def test_the_users_access_and_the_agents_are_two_lines() -> None:
    given = declaring(Resource("app", "shop", on_behalf_of_user=True))

    lines = filled(given, use("app", "shop", for_the_user=True), use("app", "shop"))

    assert [seen(line) for line in lines] == ["user declared code", "system code"]


def test_a_request_goes_to_the_line_that_is_there() -> None:
    request = use("app", "shop", "observed")
    for_the_user = use("app", "shop", for_the_user=True)

    assert [seen(line) for line in filled(Declarations(), for_the_user, request)] == [
        "user code observed"
    ]
    assert [seen(line) for line in filled(Declarations(), request)] == ["system observed"]
    both = filled(Declarations(), for_the_user, use("app", "shop"), request)
    assert [seen(line) for line in both] == ["user code", "system code observed"]


def test_uses_whose_name_is_not_known_share_a_line_of_their_kind() -> None:
    lines = filled(Declarations(), use("app", None), use("app", None), use("lakebase", None))

    assert [(line.kind, line.name) for line in lines] == [("app", ""), ("lakebase", "")]


def test_says_of_each_whether_it_is_there() -> None:
    table = Table()

    table.fill(
        declaring(Resource("app", "shop"), Resource("app", "till")),
        [use("lakebase", "memory")],
        {("app", "shop"): "found", ("lakebase", "memory"): "not found"},
    )

    assert [line.exists for line in table.lines] == ["found", "", "not found"]


def test_can_be_filled_again_and_whoever_has_it_sees_it() -> None:
    table = Table()
    lines = table.lines

    table.fill(declaring(Resource("app", "shop")), [], {})
    table.fill(declaring(Resource("app", "shop")), [use("app", "shop")], {})

    assert [seen(line) for line in lines] == ["system declared code"]
