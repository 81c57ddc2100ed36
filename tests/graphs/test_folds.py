"""Our stratified folds are scikit-learn's, index for index."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from qcomm.errors import DataError
from qcomm.graphs.folds import stratified_folds
from qcomm.seeds import generator

# sizes of the classes of the paper's graph sets
SETS = {
    "MUTAG": (125, 63),
    "PTC": (152, 192),
    "NCI1": (2057, 2053),
    "PROTEINS": (663, 450),
    "COLLAB": (2600, 775, 1625),
    "IMDB-B": (500, 500),
    "IMDB-M": (500, 500, 500),
    "REDDIT-M5K": (1000, 1000, 1000, 1000, 999),
    "scarce": (3, 40, 9),
}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("order", ["sorted", "reversed", "mixed"])
@pytest.mark.parametrize("count", [9, 10])
@pytest.mark.filterwarnings("ignore:The least populated class")
def test_folds_are_scikit_learns(name, order, count):
    labels = np.repeat(np.arange(len(SETS[name])), SETS[name])
    labels = {"sorted": labels, "reversed": labels[::-1], "mixed": generator("folds", name).permutation(labels)}[order]
    found = stratified_folds(labels, count)
    expected = StratifiedKFold(count, shuffle=True, random_state=0).split(np.zeros(labels.size), labels)
    for fold, (train, test) in enumerate(expected):
        np.testing.assert_array_equal(np.flatnonzero(found == fold), test)
        np.testing.assert_array_equal(np.flatnonzero(found != fold), train)


def test_labels_may_have_gaps():
    labels = generator("gaps").permutation(np.repeat([7, -1, 100], 20))
    expected = StratifiedKFold(10, shuffle=True, random_state=0).split(labels, labels)
    for fold, (_, test) in enumerate(expected):
        np.testing.assert_array_equal(np.flatnonzero(stratified_folds(labels, 10) == fold), test)


@pytest.mark.parametrize("labels", [np.array([], np.int64), np.repeat([0, 1], 9)])
def test_too_few_labels_are_refused(labels):
    with pytest.raises(DataError, match="10 folds"):
        stratified_folds(labels, 10)
