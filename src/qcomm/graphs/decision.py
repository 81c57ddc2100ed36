"""The paper's decision problem: of two classes, which one is more frequent in a split?"""

from __future__ import annotations

import numpy as np


def decision_score(logits: np.ndarray, labels: np.ndarray, classes: int) -> float:
    """Share of class pairs i < j whose predicted order is right.

    Predicted "i more frequent" iff the mean logit of i is larger, strictly; true iff i has more nodes, strictly
    (released code of the authors).

    Args:
        logits: [n, classes], before softmax.
        labels: [n].
        classes: number of classes C >= 2.
    """
    first, second = np.triu_indices(classes, 1)
    mean = logits.astype(np.float64).mean(0)
    count = np.bincount(labels, minlength=classes)
    return float(((mean[first] > mean[second]) == (count[first] > count[second])).mean())
