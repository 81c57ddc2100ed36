"""Result files of training jobs as tidy frames."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from qcomm.errors import DataError
from qcomm.files import read_json
from qcomm.graphs.graph_training import FOLDS, gin_rule, honest_rule


def node_frame(paths: Iterable[Path]) -> pd.DataFrame:
    """One row per node job, figures in percent: accuracy and both decision scores on the test nodes."""
    rows = [read_json(path) for path in paths]
    frame = pd.DataFrame(
        rows, columns=["dataset", "method", "seed", "epochs", "test", "decision", "decision_at_accuracy"]
    )
    for name in ("test", "decision", "decision_at_accuracy"):
        frame[name] = 100 * frame[name].astype(float)
    return frame


def graph_frame(paths: Iterable[Path]) -> pd.DataFrame:
    """One row per data set, method, protocol and seed, in percent, after the folds of its jobs were put together.

    Raises:
        DataError: a fold is missing or there twice.
    """
    groups: dict[tuple, list[dict]] = {}
    for path in paths:
        job = read_json(path)
        key = tuple(job[name] for name in ("dataset", "method", "protocol", "seed", "norm", "epochs"))
        groups.setdefault(key, []).extend(job["folds"])
    rows = []
    for (dataset, method, protocol, seed, norm, epochs), folds in groups.items():
        folds = sorted(folds, key=lambda fold: fold["fold"])
        if [fold["fold"] for fold in folds] != list(range(FOLDS)):
            raise DataError(
                f"folds {[f['fold'] for f in folds]} instead of 0..9",
                where=f"{dataset} {method} {protocol}",
                fix="give the result of every fold once",
            )
        mean, std = gin_rule([f["outer"] for f in folds])[:2] if protocol == "gin" else honest_rule(folds)
        facts = {"dataset": dataset, "method": method, "protocol": protocol, "seed": seed, "norm": norm}
        rows.append(facts | {"epochs": epochs, "mean": mean, "std": std, "folds": FOLDS})
    columns = ["dataset", "method", "protocol", "seed", "norm", "epochs", "mean", "std", "folds"]
    return pd.DataFrame(rows, columns=columns)


def over_seeds(frame: pd.DataFrame) -> pd.DataFrame:
    """`graph_frame` with one row per data set, method and protocol: the mean over seeds; the deviation stays that over
    folds (root mean square over seeds), since that is what the published tables give."""
    keys = ["dataset", "method", "protocol", "norm", "epochs"]
    grouped = frame.groupby(keys, sort=False, dropna=False)
    merged = grouped.agg(
        seeds=("seed", "nunique"),
        mean=("mean", "mean"),
        std=("std", lambda values: float(np.sqrt(np.mean(np.square(values))))),
        folds=("folds", "first"),
    )
    return merged.reset_index()


def graph_curves(paths: Iterable[Path]) -> pd.DataFrame:
    """Accuracy in percent against epoch, mean and standard error over folds, per data set, method and protocol."""
    groups: dict[tuple, list] = {}
    for path in paths:
        job = read_json(path)
        for fold in job["folds"] if job["epochs"] else ():
            groups.setdefault((job["dataset"], job["method"], job["protocol"]), []).append(fold["outer"])
    rows = []
    for (dataset, method, protocol), curves in groups.items():
        values = 100 * np.array(curves)
        error = values.std(0) / np.sqrt(values.shape[0])
        for epoch in range(values.shape[1]):
            rows.append((dataset, method, protocol, epoch + 1, values[:, epoch].mean(), error[epoch]))
    return pd.DataFrame(rows, columns=["dataset", "method", "protocol", "epoch", "mean", "error"])


def node_curves(results: Iterable[Path], curves: Iterable[Path]) -> pd.DataFrame:
    """Test accuracy in percent against epoch, mean and standard error over seeds, per data set and method.

    Args:
        results: json files of node jobs, which say what was trained.
        curves: their csv files, in the same order; those of baselines without epochs are left out.
    """
    frames = []
    for result, path in zip(results, curves, strict=True):
        job = read_json(result)
        if job["epochs"]:
            frames.append(pd.read_csv(path).assign(dataset=job["dataset"], method=job["method"]))
    if not frames:
        return pd.DataFrame(columns=["dataset", "method", "epoch", "mean", "error"])
    grouped = pd.concat(frames).groupby(["dataset", "method", "epoch"], sort=False)["test"]
    count = grouped.count()
    merged = pd.DataFrame({"mean": 100 * grouped.mean(), "error": 100 * grouped.std(ddof=0) / np.sqrt(count)})
    return merged.reset_index()
