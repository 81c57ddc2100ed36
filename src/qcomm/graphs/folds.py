"""Stratified folds, index for index those of scikit-learn, without the second and a half that importing it takes."""

from __future__ import annotations

import numpy as np

from qcomm.errors import DataError


def stratified_folds(labels: np.ndarray, count: int) -> np.ndarray:
    """Number of the fold that tests each sample [n]: ``StratifiedKFold(count, shuffle=True, random_state=0)``.

    Classes are numbered by their first appearance; sorted samples dealt out in turns say how many of a class each fold
    gets, and the fold numbers of a class are shuffled class by class from one Mersenne Twister.

    Args:
        labels: int [n].
        count: number of folds.

    Raises:
        DataError: no class has a member for each fold.
    """
    _, first, code = np.unique(labels, return_index=True, return_inverse=True)
    code = np.argsort(np.argsort(first))[code.ravel()]
    classes = first.size
    if classes == 0 or np.bincount(code).max() < count:
        raise DataError(
            f"{count} folds of {labels.size} labels are not possible",
            where="labels",
            fix="a class needs as many members as there are folds",
        )
    ordered = np.sort(code)
    shares = np.array([np.bincount(ordered[fold::count], minlength=classes) for fold in range(count)])
    rng, folds = np.random.RandomState(0), np.empty(labels.size, np.int64)  # the legacy generator makes these folds
    for number in range(classes):
        dealt = np.repeat(np.arange(count), shares[:, number])
        rng.shuffle(dealt)
        folds[code == number] = dealt
    return folds
