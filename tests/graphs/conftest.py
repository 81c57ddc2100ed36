"""Tests of the graph side run torch as stages do: on one thread."""

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread():
    """Threads that wait for each other on tiny arrays cost more than they save."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
