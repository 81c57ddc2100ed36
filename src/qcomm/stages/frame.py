"""What every stage shares: arguments, checked inputs, threads, errors that users can act on, stamped outputs."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qcomm.audit.closure import code_digest
from qcomm.audit.machine import cpu_name, device_name, git_state, package_versions, peak_memory_mb
from qcomm.audit.stamps import SUFFIX, merge_sources, stamp_path, verify, write_stamp
from qcomm.errors import ConfigError, DataError, QcommError
from qcomm.files import sha256_of
from qcomm.runtime import keep_freed_memory, set_threads

USER_ERROR, INTERRUPTED = 2, 130


class StageParser(argparse.ArgumentParser):
    """An argument parser that knows which arguments are files read, files written, and recorded parameters."""

    def __init__(self, **options: Any):
        super().__init__(formatter_class=argparse.ArgumentDefaultsHelpFormatter, **options)
        self.inputs: list[tuple[str, bool]] = []
        self.folders: dict[str, tuple[str, ...]] = {}
        self.outputs: list[str] = []

    def add_input(self, flag: str, *, stamped: bool = True, **options: Any) -> None:
        """A file to read. With ``stamped`` (the default) it is a result of another stage, and its stamp is checked."""
        options.setdefault("required", True)
        action = self.add_argument(flag, type=Path, **options)
        self.inputs.append((action.dest, stamped))

    def add_folder(self, flag: str, files: tuple[str, ...], **options: Any) -> None:
        """A folder of which the stage reads just these files: tracked tables, not results of other stages."""
        action = self.add_argument(flag, type=Path, **options)
        self.inputs.append((action.dest, False))
        self.folders[action.dest] = files

    def add_output(self, flag: str, **options: Any) -> None:
        """A file to write; the frame writes its stamp."""
        options.setdefault("required", True)
        self.outputs.append(self.add_argument(flag, type=Path, **options).dest)

    def add_settings(self, flag: str, **options: Any) -> None:
        """A json object of settings, usually a section of the configuration."""
        self.add_argument(flag, type=_json_object, **options)


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(f"not json: {error}") from error
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("not a json object")
    return value


def execute(
    file: str,
    arguments: Callable[[StageParser], None],
    run: Callable[[argparse.Namespace], dict[str, str] | None],
    argv: list[str] | None = None,
) -> None:
    """Run a stage as a command and exit: 0 done, 2 an error that the user can mend, 130 interrupted.

    Args:
        file: ``__file__`` of the stage; its name is the stage's.
        arguments: declares the stage's arguments.
        run: does the work. It may return ``{data set: source}`` where it brings new data in; other stages inherit the
            sources of their inputs.
        argv: the command line, ``sys.argv[1:]`` by default.
    """
    stage = Path(file).stem
    module = sys.modules[run.__module__]
    parser = StageParser(prog=f"python -m qcomm.stages.{stage}", description=module.__doc__)
    arguments(parser)
    parser.add_argument("--threads", type=int, default=1, help="threads of BLAS, torch and numba")
    args = parser.parse_args(argv)
    try:
        _execute(stage, parser, args, run)
    except QcommError as error:
        print(f"error in stage {stage}: {error}", file=sys.stderr)
        sys.exit(USER_ERROR)
    except KeyboardInterrupt:
        print(f"stage {stage} interrupted; finished outputs of other jobs are kept", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _execute(stage: str, parser: StageParser, args: argparse.Namespace, run: Callable) -> None:
    if args.threads < 1:
        raise ConfigError(f"{args.threads} threads are not possible", where="--threads", fix="give 1 or more")
    set_threads(args.threads)
    keep_freed_memory()
    started, clock = datetime.datetime.now(datetime.UTC), time.perf_counter()
    # before the run: an edit or a commit meanwhile must not be stamped
    digest, git = code_digest(f"qcomm.stages.{stage}"), git_state(Path(__file__).parent)
    inputs, sources = _check_inputs(parser, args)
    outputs = [path for name in parser.outputs for path in _paths(getattr(args, name))]
    for path in outputs:
        stamp_path(path).unlink(missing_ok=True)  # a stamp never outlives the output that it vouched for
    sources |= run(args) or {}
    facts = {
        "stage": stage,
        "parameters": _parameters(parser, args),
        "data_source": sources,
        "inputs": inputs,
        "code": digest,
        "git": git,
        "packages": package_versions(),
        "python": sys.version.split()[0],
        "cpu": cpu_name(),
        "threads": args.threads,
        "device": device_name(),
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 3),
        "peak_memory_mb": peak_memory_mb(),
    }
    for path in outputs:
        if not path.exists():
            raise DataError(f"stage {stage} ended without writing this output", where=str(path))
        write_stamp(path, facts)


def _check_inputs(parser: StageParser, args: argparse.Namespace) -> tuple[dict[str, str], dict[str, str]]:
    """Hashes of all input files and the merged data sources, after every stamp was verified."""
    hashes, stamps = {}, []
    for name, stamped in parser.inputs:
        paths = _paths(getattr(args, name))
        if name in parser.folders:
            paths = [paths[0] / file for file in parser.folders[name]]
        for path in paths:
            if not path.exists():
                raise DataError("the input file does not exist", where=str(path), fix=f"check --{name}")
            if stamped:
                stamps.append(verify(path))
                hashes[path.as_posix()] = stamps[-1]["sha256"]
            else:
                hashes[path.as_posix()] = sha256_of(path) if path.is_file() else "folder"
    return hashes, merge_sources(stamps)


def _paths(value: Path | list[Path] | None) -> list[Path]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _parameters(parser: StageParser, args: argparse.Namespace) -> dict[str, Any]:
    """Every argument that is neither a file nor the number of threads."""
    files = {name for name, _ in parser.inputs} | set(parser.outputs)
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in sorted(vars(args).items())
        if name not in files and name != "threads"
    }


__all__ = ["SUFFIX", "StageParser", "execute"]
