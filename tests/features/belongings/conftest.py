"""What the organization of the documentation's story has, for all tests of this folder."""

from __future__ import annotations

import pytest
from kit.belongings import Story, told_story


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """What is there once the story is told, which takes a quarter of a minute."""
    return told_story(tmp_path_factory.mktemp("story"))
