"""Names and helpers that every rule file uses."""

import json
import sys
from pathlib import Path

sys.path.insert(
    0, str(Path(workflow.basedir) / "src")
)  # the checkout's own package, also without installation

from qcomm.audit.closure import closure
from qcomm.config import complete, load_schema
from qcomm.errors import QcommError
from snakemake.exceptions import WorkflowError

try:
    config = complete(
        config, load_schema(Path(workflow.basedir) / "workflow" / "schemas")
    )
except QcommError as error:
    raise WorkflowError(str(error)) from None

DATA_SETTINGS = json.dumps(config["data"])
RESULTS = config["run"]["results"]
FIGURES = config["run"]["figures"]
LOGS = config["run"]["logs"]


def code_of(stage):
    """Files of every module that a stage imports: the job reruns when the content of one of them changes."""
    return [
        (
            file.relative_to(workflow.basedir)
            if file.is_relative_to(workflow.basedir)
            else file
        )
        for file in closure(f"qcomm.stages.{stage}")
    ]


def settings(*keys):
    """A section of the configuration as compact json: what a job is told, and what it reruns for when it changes."""
    value = config
    for key in keys:
        value = value[key]
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def stamps_of(*outputs):
    """The stamps that a stage writes beside its outputs."""
    return [f"{output}.stamp.json" for output in outputs]


def figure_files(name):
    """A figure: the vector file, the picture, and the numbers that were drawn."""
    return [f"{FIGURES}/{name}.{kind}" for kind in ("pdf", "png", "csv")]


def table_files(name):
    """A table as csv, Markdown and LaTeX."""
    return [f"{FIGURES}/{name}.{kind}" for kind in ("csv", "md", "tex")]
