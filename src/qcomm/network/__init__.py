"""Parties with private inputs, a counted channel between them, and a ledger of every message."""

from qcomm.network.ledger import Entry, Ledger, circuit_traffic, stop_label
from qcomm.network.link import Link
from qcomm.network.party import ALICE, BOB, Party, party
from qcomm.network.payload import Payload
from qcomm.network.register import Register
from qcomm.network.session import Network

__all__ = [
    "ALICE",
    "BOB",
    "Entry",
    "Ledger",
    "Link",
    "Network",
    "Party",
    "Payload",
    "Register",
    "circuit_traffic",
    "party",
    "stop_label",
]
