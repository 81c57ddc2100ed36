"""What tests of several protocols share."""

import pytest

from qcomm.network import Network


@pytest.fixture
def lossy_network():
    """Make a kind of network that loses its message number `dropped` (from 1), and the list of networks made of it."""

    def make(dropped):
        made, posted = [], []

        class Dropping(Network):
            def __init__(self, *arguments):
                super().__init__(*arguments)
                made.append(self)

            def _outlet(self, sender):
                post = super()._outlet(sender)

                def lossy(*message):
                    posted.append(message)
                    if len(posted) != dropped:
                        post(*message)

                return lossy

        return Dropping, made

    return make
