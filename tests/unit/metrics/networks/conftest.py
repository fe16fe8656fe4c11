import os

import pytest

from sidelight.assets import ENVIRONMENT_VARIABLE


@pytest.fixture(scope="session")
def assets() -> None:
    if ENVIRONMENT_VARIABLE not in os.environ:
        pytest.skip(f"{ENVIRONMENT_VARIABLE} is not set: the official LPIPS weights are needed")
