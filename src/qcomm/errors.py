"""Errors that a user can act on: what was wrong, where, and what to do."""


class QcommError(Exception):
    """An error caused by input, configuration or environment, not by a defect of the program.

    Args:
        what: one sentence that names the problem and the offending value.
        where: the key, file (and line) or argument at fault.
        fix: what the user can do about it.
    """

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None):
        self.what, self.where, self.fix = what, where, fix
        super().__init__(what)

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        fix = f"\n  to do: {self.fix}" if self.fix else ""
        return f"{where}{self.what}{fix}"


class ConfigError(QcommError):
    """A configuration key or command-line argument is wrong."""


class DataError(QcommError):
    """A data file is missing, altered, malformed or inconsistent."""


class SourceError(QcommError):
    """No configured source could deliver a file."""


class StampError(QcommError):
    """A result does not match the stamp written beside it."""


class DivergedError(QcommError):
    """A training run left the finite numbers."""


class ProtocolError(QcommError):
    """A protocol, circuit or channel was used in a way that it does not allow."""
