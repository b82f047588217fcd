from entrypoint.agent.environment import Lock

PINS = (
    "mlflow-skinny==3.17.2",
    "mlflow==3.1.0 ; python_full_version < '3.12'",
    "numpy==2.2.0",
    "tools @ file:///checkout/tools",
)


def test_lines_are_the_options_and_then_the_pins() -> None:
    options = ("--extra-index-url https://host/simple", "--find-links https://host/wheels")

    assert Lock(options, PINS).lines == [*options, *PINS]


def test_packages_are_known_by_name_however_they_are_pinned() -> None:
    assert Lock((), PINS).names == {"mlflow-skinny", "mlflow", "numpy", "tools"}


def test_an_empty_lock_has_no_packages() -> None:
    assert Lock((), ()).lines == []
    assert Lock((), ()).names == set()
