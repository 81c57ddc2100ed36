"""The small project that most tests of the workflow share."""

import pytest
from small_project import Project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project whose first run has succeeded; tests that change it put it back."""
    made = Project(tmp_path_factory.mktemp("project"))
    done = made.run()
    assert done.returncode == 0, done.stdout[-3000:]
    return made
