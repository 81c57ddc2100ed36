"""Getting a file from a URL or a wheel: resumable, retried, verified before anyone opens it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from qcomm.data.registry import Wheel
from qcomm.errors import SourceError
from qcomm.files import git_blob_id, read_json, sha256_of, write_json, write_text

BLOCK = 1 << 18
RETRIED = (408, 416, 429)  # refusals that another attempt may mend: timeout, wrong range, too many requests


@dataclass(frozen=True)
class Limits:
    """Patience of a download: seconds without a byte, and how often to try again (waits double from one second)."""

    timeout_s: float = 30.0
    retries: int = 4


def verify_file(path: Path, *, sha256: str = "", git_blob: str = "", size: str = "", name: str = "") -> None:
    """Compare a file with every hash that is known of it.

    Raises:
        SourceError: size or hash differ.
    """
    name = name or str(path)
    if size and path.stat().st_size != int(size):
        raise SourceError(f"{path.stat().st_size} bytes instead of {size}: truncated or altered", where=name)
    if sha256 and sha256_of(path) != sha256:
        raise SourceError("the sha256 is not the recorded one: truncated or altered", where=name)
    if not sha256 and git_blob and git_blob_id(path) != git_blob:
        raise SourceError("the git blob id is not the recorded one: truncated or altered", where=name)


def remember_first(url: str, path: Path, lock: Path) -> None:
    """Record the sha256 of a first download whose hash nobody knows, and enforce it from then on.

    Raises:
        SourceError: the file is not the one that was downloaded first.
    """
    with FileLock(f"{lock}.lock"):
        seen = read_json(lock) if lock.exists() else {}
        digest = sha256_of(path)
        if seen.setdefault(url, digest) != digest:
            raise SourceError(
                "the file is not the one that was downloaded first",
                where=url,
                fix=f"if upstream really changed it, delete its line in {lock}",
            )
        write_json(lock, dict(sorted(seen.items())))


def from_url(url: str, folder: Path, limits: Limits, check: Callable[[Path], None]) -> Path:
    """The file behind `url` in `folder`, downloaded once, checked by `check` each time.

    An interrupted download goes on where it stopped (HTTP Range), as long as the server still has the same file.

    Raises:
        SourceError: it cannot be had, or `check` refuses it (then it is deleted).
    """
    import pooch

    target = folder / f"{pooch.utils.unique_file_name(url)}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if not target.exists():
            part = target.with_name(f"{target.name}.part")
            for attempt in range(limits.retries + 1):
                problem = _attempt(url, part, limits.timeout_s)
                if problem is None:
                    break
                if attempt == limits.retries:
                    raise SourceError(f"{problem} ({attempt + 1} attempts)", where=url, fix="check the network")
                print(f"{url}: {problem}; trying again in {2**attempt} s", file=sys.stderr, flush=True)
                time.sleep(2**attempt)
            _validator(part).unlink(missing_ok=True)
            _checked(part, check)
            part.replace(target)
        _checked(target, check)
    return target


def _checked(path: Path, check: Callable[[Path], None]) -> None:
    try:
        check(path)
    except SourceError:
        path.unlink()
        raise


def _validator(part: Path) -> Path:
    """Beside an unfinished download: the server's name (ETag or date) for the version that is being sent."""
    return part.with_name(f"{part.name}.version")


def _attempt(url: str, part: Path, timeout_s: float) -> str | None:
    """Try to complete `part`; None when done, otherwise what went wrong.

    Raises:
        SourceError: the server refuses, and would refuse again.
    """
    import requests

    # Without the server's name for the version, the rest of another version could be joined to what is there.
    have = part.stat().st_size if part.exists() and _validator(part).exists() else 0
    headers = {"Range": f"bytes={have}-", "If-Range": _validator(part).read_text()} if have else {}
    headers["Accept-Encoding"] = "identity"  # hashes are of the file, not of a compressed transfer
    try:
        with requests.get(url, headers=headers, stream=True, timeout=(timeout_s, timeout_s)) as answer:
            status, span = answer.status_code, answer.headers.get("Content-Range", "")
            if status == 416 and span == f"bytes */{have}":
                return None  # nothing is left to send: only the last step was missing
            if status == 416 or (status == 206 and not span.startswith(f"bytes {have}-")):
                part.unlink()
                return "the server has another file length"
            if 400 <= status < 500 and status not in RETRIED:
                raise SourceError(f"HTTP status {status}", where=url, fix="check the address in data/datasets.tsv")
            if status not in (200, 206):
                return f"HTTP status {status}"
            if status == 200:
                _start_anew(part, answer.headers)
            _store(answer, part, have if status == 206 else 0)
    except requests.RequestException as error:
        return f"{type(error).__name__}: {error}"
    return None


def _start_anew(part: Path, headers: Mapping[str, str]) -> None:
    """Forget what is there before the version of the new download is noted, never the other way round."""
    part.unlink(missing_ok=True)
    tag = headers.get("ETag", "")
    version = headers.get("Last-Modified", "") if tag.startswith("W/") else tag or headers.get("Last-Modified", "")
    if version:
        write_text(_validator(part), version)
    else:
        _validator(part).unlink(missing_ok=True)


def _store(answer, part: Path, have: int) -> None:
    from requests.exceptions import ConnectionError as Dropped
    from tqdm import tqdm

    length = int(answer.headers.get("Content-Length", 0)) + have
    terminal = sys.stderr.isatty()
    bar = tqdm(total=length or None, initial=have, unit="B", unit_scale=True, disable=not terminal, desc=part.stem)
    shown = have
    with part.open("ab" if have else "wb") as stream, bar:
        for block in answer.iter_content(BLOCK):
            stream.write(block)
            bar.update(len(block))
            have += len(block)
            if not terminal and length and (have - shown > length / 10 or have == length):
                shown = have
                print(f"{answer.url}: {have / 1e6:.1f} of {length / 1e6:.1f} MB", file=sys.stderr, flush=True)
    if length and have < length:
        raise Dropped(f"connection closed after {have} of {length} bytes")


def from_wheel(wheel: Wheel, folder: Path, limits: Limits) -> Path:
    """A verified wheel in `folder`, fetched by ``pip download`` with the user's own pip configuration.

    Raises:
        SourceError: pip cannot get it, or it is not the recorded file.
    """
    target = folder / f"{wheel.requirement}.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if not target.exists():
            fresh = _pip_download(wheel, folder, limits)
            fresh.replace(target)
        try:
            verify_file(target, sha256=wheel.sha256, size=wheel.bytes, name=f"wheel {wheel.requirement}")
        except SourceError:
            target.unlink()
            raise
    return target


def _pip_download(wheel: Wheel, folder: Path, limits: Limits) -> Path:
    import tempfile

    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = [
            *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet"),
            *("--disable-pip-version-check", "--timeout", str(limits.timeout_s), "--retries", str(limits.retries)),
            *("--python-version", wheel.python, "--implementation", "cp", "--abi", wheel.abi),
            *("--platform", wheel.platform, "--dest", scratch, wheel.requirement),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(scratch).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise SourceError(
                f"pip download failed: {reason}", where=wheel.requirement, fix="check pip's index settings"
            )
        kept = folder / f"{wheel.requirement}.fresh"
        wheels[0].replace(kept)
    return kept
