"""Where the program starts and ends, whatever happens in between."""

from entrypoint.runtime import early_signals

if __name__ == "__main__":
    early_signals.keep()

    import contextlib
    import io
    import os
    import sys
    import traceback

    # A name of a file may be anything, and a terminal may know few letters.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    status = 1
    try:
        from entrypoint.jobs import program

        status = program.run(sys.argv[1:], os.environ)
    except SystemExit as ended:  # `argparse` has said what is wrong with an argument
        status = ended.code if isinstance(ended.code, int) else status
    except BaseException as error:  # noqa: BLE001 - the job's own handler is in `last_handler`
        with contextlib.suppress(Exception):
            # Without its message, which could hold a secret: what redacts may be what failed.
            traceback.print_tb(error.__traceback__)
            print(
                f"::error::log-agent itself failed ({type(error).__name__}). Please report it, with"
                " the traceback in the log of this step."
            )
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    # Nothing is left to do. Else Python takes MLflow apart, object by object, for most of a second,
    # and after a cancelled job waits for its threads, and they for a store that may be silent.
    os._exit(status)
