"""Progress of long work as plain lines on stderr, readable in a log and on a terminal alike."""

from __future__ import annotations

import sys
import time


class Progress:
    """Prints one line per block of work: what is done, the latest numbers, the time left.

    Args:
        total: number of units of work.
        label: what is being done, e.g. ``"MUTAG SIGN-poly fold 3"``.
        unit: name of one unit, e.g. ``"epoch"``.
        every_s: least time between two lines; the last unit always prints.
    """

    def __init__(self, total: int, label: str, unit: str = "step", every_s: float = 5.0):
        self.total, self.label, self.unit, self.every_s = total, label, unit, every_s
        self.start = self.printed = time.monotonic()

    def update(self, done: int, **numbers: float | str) -> None:
        """Report that `done` units are finished; `numbers` are shown in the order given."""
        now = time.monotonic()
        if done < self.total and now - self.printed < self.every_s:
            return
        self.printed = now
        left = (now - self.start) / max(done, 1) * (self.total - done)
        shown = "  ".join(f"{name} {_number(value)}" for name, value in numbers.items())
        line = f"{self.label}: {self.unit} {done}/{self.total}  {shown}  {clock(left)} left"
        print(line, file=sys.stderr, flush=True)


def clock(seconds: float) -> str:
    """``95`` -> ``"1:35"``; hours are shown from 3600 on."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"
