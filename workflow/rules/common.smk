"""Names and helpers that every rule file uses."""

import json
import os
import shlex
import sys
from pathlib import Path

sys.path.insert(
    0, str(Path(workflow.basedir) / "src")
)  # the checkout's own package, also without installation

from qcomm.audit.closure import closure
from qcomm.audit.stamps import read_stamp
from qcomm.config import complete, load_schema
from qcomm.data.fetch import Fetcher
from qcomm.data.registry import RawFile, check_names, fetched_datasets, read_table
from qcomm.errors import QcommError
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

try:
    config = complete(
        config, load_schema(Path(workflow.basedir) / "workflow" / "schemas")
    )
    check_names(
        config, read_table(Path(workflow.basedir) / "data" / "datasets.tsv", RawFile)
    )
except QcommError as error:
    raise WorkflowError(str(error)) from None

# Where the mirror lies and how patient downloads are is not part of what is fetched: not a parameter that reruns jobs.
os.environ.update(QCOMM_DATA_SETTINGS=json.dumps(config["data"]))


envvars:
    "QCOMM_DATA_SETTINGS",


RESULTS = config["run"]["results"]
FIGURES = config["run"]["figures"]
LOGS = config["run"]["logs"]

# Tables of checks (name, value, low, high, ok). Each rule file appends its own; rule check_results reads them all.
RESULT_CHECKS = []


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


NODES = config["nodes"]


def wanted(files):
    """Without the results that the configuration leaves out (key run.leave_out)."""
    left_out = {Path(name) for name in config["run"]["leave_out"]}
    return [
        file
        for file in files
        if left_out.isdisjoint([Path(file).with_suffix(""), Path(file).parent])
    ]


def node_results(ending):
    """Result files of every node network and baseline in the configuration."""
    return wanted(
        f"{RESULTS}/train_nodes/{dataset}/{method}/seed{seed}.{ending}"
        for dataset in NODES["datasets"]
        for method in NODES["methods"] + NODES["baselines"]
        for seed in (NODES["seeds"][:1] if method == "logreg" else NODES["seeds"])
    )


GRAPHS = config["graphs"]
for name in GRAPHS["datasets"]:
    if name not in GRAPHS["models"]:
        raise WorkflowError(
            f"config key graphs.datasets: no hyper-parameters for {name!r}; add graphs.models.{name}"
        )


def own_files(wildcards):
    """The user's own files: their content decides whether they are read again, and who may share the result."""
    entry = config["data"]["own"].get(wildcards.dataset)
    if entry is None:
        return []
    path = Path(entry["path"])
    files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    # Of a path that does not exist the stage says which key is wrong.
    return [str(file) for file in files if file.exists()]


def tell_of_earlier_sources():
    """Raw files stay when the sources change; say which ones `--forcerun fetch` would now take from elsewhere."""
    fetcher = Fetcher.of_settings(config["data"], Path(workflow.basedir) / "data")
    for name in sorted(fetched_datasets(config)):
        bundle = f"data/raw/{name}.zip"
        if Path(stamps_of(bundle)[0]).exists():
            recorded = read_stamp(bundle).get("data_source", {}).get(name, "own")
            earlier = fetcher.earlier_source(name, recorded)
            if earlier:
                logger.warning(
                    f"{bundle} comes from {recorded}; to take it from {earlier}: snakemake --forcerun fetch"
                )


if workflow.is_main_process:
    try:
        tell_of_earlier_sources()
    except QcommError as error:
        raise WorkflowError(str(error)) from None


LARGE_SETS = (
    "COLLAB",
    "REDDIT-B",
    "REDDIT-M5K",
)  # graph sets whose jobs need more memory


def paper_row(wildcards):
    """The argument that tells a stage the paper's hyper-parameters of a graph set."""
    row = settings("graphs", "models", wildcards.dataset)
    return f"--model {shlex.quote(row)}"


def graph_epochs(wildcards):
    """Epochs of the paper's models on a graph set."""
    return GRAPHS["epochs_of"].get(wildcards.dataset, GRAPHS["epochs"])


def tuning_epochs(wildcards):
    """Epochs of each candidate, no more than the chosen one will have."""
    wanted = GRAPHS["tuning_epochs_of"].get(wildcards.dataset, GRAPHS["tuning_epochs"])
    return min(wanted, graph_epochs(wildcards))


def fold_jobs():
    """Names of fold ranges: folds0-4, folds5-9, .."""
    size = GRAPHS["folds_per_job"]
    return [f"folds{start}-{start + size - 1}" for start in range(0, 10, size)]


def folds_of(wildcards):
    return list(range(int(wildcards.first), int(wildcards.last) + 1))


def graph_seeds(dataset, protocol):
    """The table's seed; under the GIN rule those of graphs.seeds where they are given."""
    table_seed = [GRAPHS["models"][dataset]["seed"]]
    return GRAPHS["seeds"].get(dataset, table_seed) if protocol == "gin" else table_seed


def graph_methods(dataset, protocol):
    """Methods of a reporting rule; the BatchNorm variant only where the paper's model has another norm."""
    same = GRAPHS["models"][dataset]["norm"] == "batch"
    return [name for name in GRAPHS[protocol] if not (same and name == "SIGN-poly-bn")]


def graph_results():
    """Result files of every graph network and baseline in the configuration."""
    networks = [
        f"{RESULTS}/train_graphs/{dataset}/{method}/{protocol}/seed{seed}/{folds}.json"
        for dataset in GRAPHS["datasets"]
        for protocol in ("gin", "honest")
        for method in graph_methods(dataset, protocol)
        for seed in graph_seeds(dataset, protocol)
        for folds in fold_jobs()
    ]
    baselines = [
        f"{RESULTS}/baselines_graphs/{dataset}/{method}/seed{GRAPHS['models'][dataset]['seed']}.json"
        for dataset in GRAPHS["datasets"]
        for method in GRAPHS["baselines"]
    ]
    return wanted(networks + baselines)


def tuned_rows():
    """What tuning chose, for Table 3."""
    if "SIGN-poly-tuned" not in GRAPHS["honest"]:
        return []
    return wanted(
        f"{RESULTS}/tune_graphs/{dataset}.json" for dataset in GRAPHS["datasets"]
    )
