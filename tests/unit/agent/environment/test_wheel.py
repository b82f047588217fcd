import zipfile
from pathlib import Path

import pytest

from doubles.package_index import make_wheel
from entrypoint.agent.environment.wheel import WheelRefused, unpack


def test_code_and_metadata_are_unpacked(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg-1.0.data/purelib/more/__init__.py": "",
        "pkg-1.0.data/scripts/run": "",
        "pkg-1.0.data/purelib": "",
    }
    wheel = make_wheel(tmp_path, "pkg", files=files)

    unpack(wheel, tmp_path / "code")

    unpacked = (path for path in (tmp_path / "code").rglob("*") if path.is_file())
    assert {path.relative_to(tmp_path / "code").as_posix() for path in unpacked} == {
        "pkg/__init__.py",
        "more/__init__.py",
        "pkg-1.0.dist-info/METADATA",
    }


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "pkg/../../evil.py", "..\\evil.py"])
def test_nothing_lands_outside(tmp_path: Path, name: str) -> None:
    wheel = make_wheel(tmp_path / "wheels", "pkg", files={name: "evil"})

    with pytest.raises(WheelRefused, match="outside of itself"):
        unpack(wheel, tmp_path / "a" / "code")

    assert not list(tmp_path.rglob("evil.py"))


def test_links_are_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "pkg")
    info = zipfile.ZipInfo("pkg/link.py")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(info, "/etc/passwd")

    with pytest.raises(WheelRefused, match="has a link"):
        unpack(wheel, tmp_path / "code")


@pytest.mark.parametrize(
    ("files", "tag"),
    [({"pkg/fast.so": ""}, "py3-none-any"), ({}, "cp311-cp311-linux_x86_64")],
)
def test_compiled_parts_are_refused(tmp_path: Path, files: dict[str, str], tag: str) -> None:
    with pytest.raises(WheelRefused, match="compiled parts"):
        unpack(make_wheel(tmp_path, "pkg", files=files, tag=tag), tmp_path / "code")


def test_namespaces_are_joined_and_clashes_refused(tmp_path: Path) -> None:
    for name, text in (("first", ""), ("second", ""), ("third", "else")):
        files = {"acme/__init__.py": text, f"acme/{name}.py": ""}
        wheel = make_wheel(tmp_path, name, files=files)
        if name != "third":
            unpack(wheel, tmp_path / "code")

    assert (tmp_path / "code/acme/first.py").exists()
    assert (tmp_path / "code/acme/second.py").exists()
    with pytest.raises(WheelRefused, match="another local package"):
        unpack(wheel, tmp_path / "code")


def test_what_is_no_wheel_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "pkg-1.0-py3-none-any.whl"
    wheel.write_text("no zip")

    with pytest.raises(WheelRefused, match="is no wheel"):
        unpack(wheel, tmp_path / "code")
