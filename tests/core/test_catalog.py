import pytest

from tojimari.audit.check import CHECKS, Check
from tojimari.core import catalog


def test_a_catalogue_is_the_files_of_its_folder() -> None:
    assert "unintended" in catalog.names(CHECKS)


def test_every_file_gives_its_thing_in_the_order_of_the_names() -> None:
    names = [check.name.replace("-", "_") for check in catalog.entries(CHECKS, "CHECK", Check)]
    assert names == list(catalog.names(CHECKS))


def test_a_file_without_the_constant_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="must define NOTHING"):
        catalog.entry(CHECKS, "missing", "NOTHING", Check)
