import pytest

from entrypoint.inputs.model_name import ModelName, alias_safe, check_alias, check_tag


@pytest.mark.parametrize(
    "text", ["prod.agents.support", "dev-1.my_schema.Support-Agent", f"{'a' * 255}.b.c", "ä.ö.ü"]
)
def test_reads_a_name_of_three_levels(text: str) -> None:
    name = ModelName.parse(text)

    assert str(name) == text
    assert (name.catalog, name.schema, name.model) == tuple(text.split("."))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("support", "1 level;"),
        ("agents.support", "2 levels;"),
        ("a.b.c.d", "4 levels;"),
        ("a..c", "`` can't be a level"),
        (".b.c", "`` can't be a level"),
        ("a.b c.d", "`b c` can't be a level"),
        ("a.b/x.c", "`b/x` can't be a level"),
        ("a.b\x00.c", "`b\x00` can't be a level"),
        ("a.b\x7f.c", "`b\x7f` can't be a level"),
        ("a.b.c\n", "can't be a level"),
        (f"a.b.{'c' * 256}", "at most 255 characters"),
    ],
)
def test_refuses_other_names(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"catalog\.schema\.model") as raised:
        ModelName.parse(text)

    assert said in str(raised.value)


@pytest.mark.parametrize(
    "alias", ["champion", "Champion_2", "sha-0d1a26e", "v1-rc", "version1", "latest-1", "a" * 255]
)
def test_takes_aliases_that_mlflow_takes(alias: str) -> None:
    check_alias(alias)


@pytest.mark.parametrize(
    ("alias", "said"),
    [
        ("latest", "reserved"),
        ("LATEST", "reserved"),
        ("v1", "reserved"),
        ("V22", "reserved"),
        ("feature/x", "`feature/x` holds more than"),
        ("a b", "`a b` holds more than"),
        ("champion\n", "holds more than"),
        ("größe", "`größe` holds more than"),
        ("", "``"),
        pytest.param("a" * 256, "255"),
    ],
)
def test_refuses_aliases_that_mlflow_refuses(alias: str, said: str) -> None:
    with pytest.raises(ValueError, match="`") as raised:
        check_alias(alias)

    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("text", "alias"),
    [("feature/x", "feature-x"), ("v1.2", "v1-2"), ("a b:c", "a-b-c"), ("ä", "-"), ("a_b", "a_b")],
)
def test_a_branch_is_made_fit_for_an_alias(text: str, alias: str) -> None:
    assert alias_safe(text) == alias
    check_alias(alias)


@pytest.mark.parametrize(
    ("key", "value"), [("team", "search"), ("a b", ""), ("k" * 250, "v" * 1000), ("größe", "=.,:/")]
)
def test_takes_tags_that_unity_catalog_takes(key: str, value: str) -> None:
    check_tag(key, value)


@pytest.mark.parametrize(
    "key", ["", "a.b", "a,b", "a-b", "a=b", "a/b", "a:b", "a\nb", "a\x7fb", "k" * 256]
)
def test_refuses_keys_that_unity_catalog_refuses(key: str) -> None:
    with pytest.raises(ValueError, match="can't be a tag's key") as raised:
        check_tag(key, "")

    assert f"`{key}`" in str(raised.value)


def test_refuses_a_value_that_is_too_long() -> None:
    with pytest.raises(ValueError, match=r"the value of `team` has 1001 characters; .* 1000\."):
        check_tag("team", "v" * 1001)
