"""What is said of the commands outside the program is what the program says."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


def script(name: str) -> ModuleType:
    """A module of ``script/``, which is no package."""
    spec = importlib.util.spec_from_file_location(f"script_{name}", ROOT / "script" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


sys.path.insert(0, str(ROOT / "script"))
PAGES: dict[Path, str] = script("docs").pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_says_what_the_commands_say(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == PAGES[page], "run: .venv/bin/python script/docs.py"
