from entrypoint.agent.environment.lock import Lock, Resolution

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


def test_what_uv_resolved_is_recorded_without_this_machine_and_credentials() -> None:
    resolution = Resolution.parse(
        "--index-url https://pypi.org/simple\n"
        "--extra-index-url https://u:${TOKEN}@host/simple\n"
        "--extra-index-url https://sent/simple/\n"
        "--find-links ./wheels\n"
        "\n"
        "-e ./pkg\n"
        "numpy==2.2.0\n"
        "    # from https://explicit/simple/\n"
        "six==1.17.0\n"
        "    # from https://host/simple\n"
        "tools @ git+https://u:p@host/tools@0d1a26e\n"
    )

    lock = resolution.lock({"https://sent/simple"})

    assert lock.options == (
        "--extra-index-url https://host/simple",
        "--extra-index-url https://explicit/simple",
    )
    assert lock.pins == (
        "numpy==2.2.0",
        "six==1.17.0",
        "tools @ git+https://host/tools@0d1a26e",
    )
    assert resolution.local == ("./pkg",)
