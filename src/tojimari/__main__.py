"""Where the command line begins: ``tojimari``, and ``python -m tojimari``."""

import sys

INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main() -> None:
    """Load the command line and run it.

    Whoever presses Ctrl-C while it is still being loaded sees no traceback from the midst of it.
    """
    try:
        from tojimari.cli.main import main as run  # noqa: PLC0415 - see above

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
