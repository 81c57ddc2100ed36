"""A bundle: the verified raw files of one data set from one source, in one zip with reproducible bytes."""

from __future__ import annotations

import json
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from qcomm.errors import DataError
from qcomm.files import ZIP_EPOCH, atomic_path

DESCRIPTION = "source.json"
DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile)  # what reading a damaged archive may raise


def write_bundle(path: str | Path, files: Mapping[str, Path], description: Mapping[str, Any]) -> None:
    """Write `files` (member name -> path) and the description as one uncompressed zip, atomically."""
    with atomic_path(path) as part, zipfile.ZipFile(part, "w") as archive:
        text = json.dumps(description, indent=1, sort_keys=True)
        archive.writestr(zipfile.ZipInfo(DESCRIPTION, ZIP_EPOCH), text)
        for name in sorted(files):
            with (
                files[name].open("rb") as raw,
                archive.open(zipfile.ZipInfo(name, ZIP_EPOCH), "w", force_zip64=True) as to,
            ):
                shutil.copyfileobj(raw, to, 1 << 20)


class Bundle:
    """Read access to a bundle; members are only ever read, so no name can point outside.

    Args:
        path: what `write_bundle` wrote.

    Raises:
        DataError: it is not a bundle.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        try:
            self.archive = zipfile.ZipFile(path)
            self.description = json.loads(self.archive.read(DESCRIPTION))
        except (OSError, zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
            raise DataError(
                f"not a bundle of raw files: {error}", where=str(path), fix="delete it; it is fetched anew"
            ) from error
        self.names = [name for name in self.archive.namelist() if name != DESCRIPTION]

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, *_: object) -> None:
        self.archive.close()

    def open(self, name: str) -> IO[bytes]:
        """A member as a binary stream.

        Raises:
            DataError: there is none of this name.
        """
        if name not in self.names:
            raise DataError(f"no member {name}", where=str(self.path), fix=f"it holds {', '.join(self.names)}")
        return self.archive.open(name)

    def find(self, ending: str) -> str | None:
        """The one member whose name ends so, or None.

        Raises:
            DataError: there are several.
        """
        found = [name for name in self.names if name.endswith(ending)]
        if len(found) > 1:
            raise DataError(f"{' and '.join(found)} all end in {ending}", where=str(self.path), fix="keep one of them")
        return found[0] if found else None

    def read(self, name: str) -> bytes:
        with self.open(name) as stream:
            return stream.read()

    def text(self, name: str) -> str:
        """A member as text; CRLF line ends become LF."""
        return self.read(name).decode("utf-8").replace("\r\n", "\n")
