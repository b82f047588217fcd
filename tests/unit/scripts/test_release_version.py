import pytest

from scripts.release.errors import ReleaseError
from scripts.release.version import Version


@pytest.mark.parametrize(
    ("tag", "named", "package"),
    [
        ("v1.0.0", "1.0.0", "1.0.0"),
        ("v0.12.3", "0.12.3", "0.12.3"),
        ("v2.0.0-rc.1", "2.0.0-rc.1", "2.0.0rc1"),
    ],
)
def test_a_tag_names_a_version(tag: str, named: str, package: str) -> None:
    version = Version.of_tag(tag)

    assert (version.tag, str(version), version.package) == (tag, named, package)


@pytest.mark.parametrize(
    "tag",
    ["1.0.0", "v1", "v1.0", "v1.0.0.0", "v01.0.0", "v1.0.0-beta", "v1.0.0-rc.01", "v1.0.0 ", ""],
)
def test_everything_else_is_refused(tag: str) -> None:
    with pytest.raises(ReleaseError, match=r"write v1\.2\.3"):
        Version.of_tag(tag)


@pytest.mark.parametrize(
    ("tag", "there", "moved"),
    [
        ("v1.0.0", [], ["v1.0", "v1"]),
        ("v1.0.0", ["v1.0.0", "v1.0", "v1", "v0.9.0"], ["v1.0", "v1"]),
        ("v1.0.10", ["v1.0.9", "v1.0.2"], ["v1.0", "v1"]),
        ("v1.1.0", ["v1.0.9", "v2.0.0"], ["v1.1", "v1"]),
        # A fix to an older minor or major version leaves those alone who take the newest.
        ("v1.0.3", ["v1.0.2", "v1.1.0"], ["v1.0"]),
        ("v1.0.3", ["v1.0.4", "v1.1.0"], []),
        # A candidate is taken by those alone who name it, and holds nothing back.
        ("v2.0.0-rc.1", ["v1.0.0"], []),
        ("v1.0.0", ["v1.1.0-rc.1", "v2.0.0-rc.1", "nightly"], ["v1.0", "v1"]),
    ],
)
def test_the_newest_of_a_series_takes_its_tag_along(
    tag: str, there: list[str], moved: list[str]
) -> None:
    assert Version.of_tag(tag).followers(set(there)) == moved
