"""``python -m tojimari``."""

from tojimari.cli.main import main

if __name__ == "__main__":
    main()
