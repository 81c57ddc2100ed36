import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from qcomm.errors import DataError, ProtocolError
from qcomm.figures.inference import inference
from qcomm.figures.style import COLOURS
from qcomm.protocols import amplitude, amplitude_plan, inference_circuits
from qcomm.protocols import inference_checks as checks
from qcomm.protocols import inference_exact as exact
from qcomm.protocols import inference_runs as runs
from qcomm.protocols import inference_sweep as sweep
from qcomm.protocols.task import ALICE, copies_needed
from qcomm.seeds import generator
from qcomm.theory.success import outcome_distribution

SETTINGS = {
    "qubits": [4, 6],
    "layers": [1, 2],
    "losses": [0.05, 0.5, 0.8],
    "copies": [16, 64, 256],
    "trials": 1500,
    "eps": 0.1,
    "delta": 1 / 3,
    "phases": [8, 16, 32, 64],
    "amplitude_losses": 12,
    "amplitude_trials": 20,
    "angles_per_qubit": 2,
    "seed": 0,
}


@pytest.fixture(scope="module")
def tables():
    return sweep.sweep(SETTINGS)


def checked(tables):
    slopes = checks.slope_rows(tables["sampling"])
    failures = checks.failure_rows(tables["sampling"], tables["amplitude"])
    return pd.DataFrame(checks.check_rows(tables, slopes, failures))


def one_task(size, layers, loss, label="r"):
    rng = generator(label)
    return runs.tasks_with_losses(runs.ansatz_blocks(size, layers, 2, rng), size, [loss], rng, eps=0.1, delta=1 / 3)[0]


def test_exact_tail_against_enumeration():
    k, p, eps = 20, 0.3, 0.1
    z = np.arange(k + 1)
    from scipy.stats import binom

    outside = np.abs(z / k - p) > eps + 1e-12
    assert exact.failure_at(p, k, eps) == pytest.approx(binom.pmf(z[outside], k, p).sum(), rel=1e-12)
    assert binom.pmf(z[outside], k, p).sum() < binom.pmf(z[np.abs(z / k - p) >= eps - 1e-12], k, p).sum()


@pytest.mark.parametrize(("eps", "delta"), [(0.1, 1 / 3), (0.1, 0.05), (0.05, 0.1)])
def test_fewest_copies_keep_the_promise_everywhere_and_one_less_does_not(eps, delta):
    k = exact.fewest_copies(eps, delta)
    assert exact.failure_at(generator("p").uniform(size=2000), k, eps).max() <= delta
    assert exact.worst_failure(k - 1, eps) > delta
    assert 0.2 * copies_needed(eps, delta) < k < copies_needed(eps, delta)


@pytest.mark.parametrize(("eps", "delta"), [(0.3, 1 / 3), (0.12, 0.2), (0.1, 0.05), (0.07, 0.9), (0.05, 0.01)])
@pytest.mark.parametrize("block", [64, 1 << 16])
def test_the_search_finds_the_first_number_of_copies_that_keeps_the_promise(eps, delta, block, monkeypatch):
    """Against every number of copies from 1 on, and all losses of the exact law on a grid of its own."""
    monkeypatch.setattr(exact, "BLOCK", block)
    exact.fewest_copies.cache_clear()
    found = exact.fewest_copies(eps, delta)
    jumps = (np.arange(found + 1) / found - eps + 1e-9).clip(0, 1)
    losses = np.unique(np.concatenate([np.linspace(0, 1, 2001), jumps]))
    assert exact.failure_at(losses, found, eps).max() <= delta
    z = exact.special.ndtri(1 - delta / 2)
    for copies in range(max(1, int(0.7 * (z / eps) ** 2 / 4)), found):
        assert exact.worst_failure(copies, eps) > delta


def test_an_accuracy_that_cannot_be_searched_is_refused_at_once():
    with pytest.raises(ProtocolError, match="the search ends at") as error:
        exact.fewest_copies(1e-7, 0.1)
    assert "copies_needed" in error.value.fix
    assert exact.fewest_copies(0.01, 1 / 3) == 2350


def test_repeats_are_what_single_runs_give():
    task = one_task(16, 2, 0.2)
    found = runs.repeated_sampling(task, [25, 100], 3000, seed=1)
    assert found.ledger == task.traffic(3000 * 125)
    assert found.qubits_per_run == 2 * 2 * 4
    for k, values in found.values.items():
        assert values.mean() == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / k / 3000))
        assert values.var() == pytest.approx(0.16 / k, rel=4 * np.sqrt(2 / 3000))
        np.testing.assert_allclose(values * k, np.round(values * k), atol=1e-9)
    again, other = (runs.repeated_sampling(task, [25, 100], 3000, seed=s) for s in (1, 2))
    np.testing.assert_array_equal(again.values[25], found.values[25])
    assert (other.values[25] != found.values[25]).any()


def test_repeated_estimation_follows_the_exact_law_of_the_median():
    task, chosen = one_task(16, 1, 0.3), amplitude.Plan(12, 3, 1.0)
    values, ledger = runs.repeated_estimation(task, chosen, 4000, seed=1)
    exact = amplitude_plan.failure_at(0.3, 0.1, 12, 3)[0]
    assert abs((np.abs(values - 0.3) > 0.1).mean() - exact) < 4 * np.sqrt(exact * (1 - exact) / 4000)
    assert ledger.messages == 4000 * 3 * (2 + 4 * 11)
    assert ledger.rounds == 2 + 4 * 11


def test_all_checks_of_the_claim_hold(tables):
    found = checked(tables)
    assert len(found) == 10 + 2 * 9 + 3
    assert found.ok.all(), found[~found.ok]


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        ("sampling", lambda t: t.assign(rmse=t.rmse * t.copies**0.05), "rmse slope in k, all"),
        ("sampling", lambda t: t.assign(failures_fixed=t.failures_fixed + 60), "sampling: exact P(error > 0.1)"),
        ("sampling", lambda t: t.assign(failures_scaled=t.failures_scaled + 60), "single cells outside"),
        ("sampling", lambda t: t.assign(qubits=t.qubits + (t.layers == 2)), "counted qubits"),
        ("amplitude", lambda t: t.assign(failures=t.failures + 90), "amplitude estimation: exact P(error"),
        ("amplitude", lambda t: t.assign(messages=t.messages - 1), "counted messages"),
        ("parameters", lambda t: t.assign(error=0.01), "Bob's parameters"),
    ],
)
def test_checks_notice_wrong_tables(tables, table, change, words):
    found = checked(tables | {table: change(tables[table])})
    assert found.name[~found.ok].str.contains(words, regex=False).any()


def drawn(rng, losses=(0.05, 0.5, 0.8), copies=(16, 64, 256), cells=12, trials=200, phases=(8, 16, 32, 64)):
    """Tables as `sweep` makes them, drawn from the exact laws: the claim holds in them."""
    sampled, planned, calls = [], [], []
    for cell, loss in [(cell, loss) for cell in range(cells) for loss in losses]:
        known = {"dimension": 16, "layers": cell, "loss": loss, "exact_loss": loss, "trials": trials}
        for k in copies:
            off = np.abs(rng.binomial(k, loss, size=trials) / k - loss)
            row = {**known, "copies": k, "rmse": np.sqrt((off**2).mean()), "qubits": 8 * cell * k}
            for kind, eps in (("fixed", 0.1), ("scaled", 0.1 * np.sqrt(16 / k))):
                row |= {f"eps_{kind}": eps, f"exact_{kind}": sweep._tail(loss, k, eps)}
                row[f"failures_{kind}"] = int((off > eps + 1e-9 / k).sum())
            sampled.append(row)
        exact_failure = float(amplitude_plan.failure_at(loss, 0.1, 18)[0])
        row = {**known, "task": "plan", "phases": 18, "repeats": 1, "eps": 0.1, "exact_failure": exact_failure}
        planned.append({**row, "failures": rng.binomial(trials, exact_failure), "messages": 70 * cell, "losses": 1})
    for m in phases:
        off = [amplitude_errors(rng, loss, m) for loss in rng.uniform(0.05, 0.95, size=30)]
        row = {"task": "calls", "layers": 1, "phases": m, "repeats": 1, "messages": 4 * m - 2, "losses": 30}
        calls.append({**row, "median_error": np.median(off)})
    tables = {"sampling": sampled, "amplitude": planned + calls, "parameters": [{"error": 0.0}]}
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}


def amplitude_errors(rng, loss, phases, count=20):
    weights = outcome_distribution(phases, 2 * loss - 1, shifted=False)
    return np.abs(amplitude.phase_value(rng.choice(phases, size=count, p=weights / weights.sum()), phases) - loss)


def test_where_the_claim_holds_all_checks_together_hardly_ever_fail():
    """60 grids of 12 circuits: at 99% a loss, and a fixed tolerance of slopes, most of them would raise an alarm."""
    rng = generator("family")
    alarms = [list(found.name[~found.ok]) for found in (checked(drawn(rng)) for _ in range(60))]
    assert sum(map(bool, alarms)) <= 1, [names for names in alarms if names]


def test_errors_that_fall_as_those_of_sampling_are_no_gain_of_amplitude_estimation():
    """At the default phases and losses."""
    phases = np.array([8, 16, 32, 64, 128])
    calls = pd.DataFrame({"phases": phases, "losses": 30, "median_error": 1.0 / phases})
    assert checks.check_row(*checks._calls_slope(calls))["ok"]
    assert not checks.check_row(*checks._calls_slope(calls.assign(median_error=phases**-0.5)))["ok"]


def test_shares_of_the_false_alarms_add_up(tables):
    share = checks.share_of_alarms(tables["sampling"], tables["amplitude"])
    slopes = checks.slope_rows(tables["sampling"])
    failures = checks.failure_rows(tables["sampling"], tables["amplitude"])
    assert share * (len(slopes) + len(failures) + 2) == pytest.approx(checks.FALSE_ALARM / 2)
    assert failures.confidence.unique().tolist() == [1 - share]


def test_errors_of_slopes_are_what_they_scatter_by():
    rng, found = generator("slopes"), []
    for _ in range(150):
        rows = drawn(rng, cells=1, trials=100, phases=(8,))["sampling"]
        found.append((checks.rmse_slope(rows).value, checks.slope_error(rows)))
    values, errors = np.array(found).T
    assert np.std(values) == pytest.approx(errors[0], rel=4 / np.sqrt(2 * len(values)))


@pytest.mark.parametrize("phases", [8, 32, 128])
def test_the_error_of_amplitude_estimation_scatters_from_loss_to_loss_as_assumed(phases):
    rng, medians = generator("scatter", phases), []
    for _ in range(200):
        off = [amplitude_errors(rng, loss, phases) for loss in rng.uniform(0.05, 0.95, size=30)]
        medians.append(np.log(np.median(off)))
    assert 0.8 < np.std(medians) * np.sqrt(30) < 1.15 * checks.LOSS_SCATTER


def test_both_ways_to_simulate_the_control_are_in_the_tables(tables):
    planned = tables["amplitude"][tables["amplitude"].task == "plan"]
    assert set(planned.control[planned.dimension == 16]) == {"in the state"}
    assert set(planned.control[planned.dimension == 64]) == {"branch by branch"}


def test_traffic_of_the_tables_is_that_of_the_written_ledgers(tables):
    ledgers = tables["ledgers"].assign(total=tables["ledgers"]["size"] * tables["ledgers"].multiplicity)
    keys = ["protocol", "dimension", "layers", "loss"]
    each = ledgers.groupby(keys).total.sum() / ledgers.groupby(keys).runs.first()
    for row in tables["sampling"].itertuples():
        assert each["quantum sampling", row.dimension, row.layers, row.loss] * row.copies == row.qubits
    planned = tables["amplitude"][tables["amplitude"].task == "plan"]
    for row in planned.itertuples():
        assert each[amplitude.NAME, row.dimension, row.layers, row.loss] == row.qubits
    for row in tables["parameters"].itertuples():
        assert each["Bob's parameters", row.dimension, row.layers, row.loss] == row.bits
        assert row.bits == 32 * row.layers * 2 * np.log2(row.dimension)  # 2 angles a qubit
    assert (tables["amplitude"].groupby("task").size() == [4, 12]).all()


@pytest.mark.parametrize("protocol", ["sampling", "estimation"])
def test_a_circuit_that_skips_a_block_is_noticed(monkeypatch, protocol):
    from qcomm.protocols.relay import relay

    def forgetful(me, owners, register, **options):
        return (yield from relay(me, (*owners[:3], owners[-1]), register, **options))

    task = one_task(16, 2, 0.2)
    monkeypatch.setattr(runs if protocol == "sampling" else amplitude, "relay", forgetful)
    run = {
        "sampling": lambda: runs.repeated_sampling(task, [5], 10, 0),
        "estimation": lambda: runs.repeated_estimation(task, amplitude.Plan(6, 1, 1.0), 10, 0),
    }
    with pytest.raises(DataError, match="channel counted"):
        run[protocol]()


def test_every_kind_of_circuit_is_run_and_agrees_with_cirq(monkeypatch):
    found = pd.DataFrame(inference_circuits.circuit_checks(0))
    assert len(found) == len(inference_circuits.KINDS) + 1 == 4
    assert found.ok.all(), found
    kept = inference_circuits.loss_by_cirq
    monkeypatch.setattr(inference_circuits, "loss_by_cirq", lambda *given: kept(*given) + 1e-9)
    assert not pd.DataFrame(inference_circuits.circuit_checks(0)).ok[:3].any()


def test_ansatz_blocks_have_angles_of_their_own():
    blocks = runs.ansatz_blocks(16, 2, 3, generator("ansatz"))
    assert [block.owner for block in blocks] == ["Bob", ALICE] * 2
    assert len({tuple(block.parameters) for block in blocks}) == 4
    assert {block.parameters.size for block in blocks} == {12}


@pytest.mark.parametrize(
    "make",
    [
        lambda: exact.failure_at(1.2, 10, 0.1),
        lambda: exact.failure_at(0.2, -1, 0.1),
        lambda: exact.fewest_copies(0.0, 0.1),
        lambda: exact.fewest_copies(0.1, 1.0),
        lambda: runs.repeated_sampling(one_task(8, 1, 0.2), [-5], 3, 1),
        lambda: runs.ansatz_blocks(12, 1, 1, generator("bad")),
        lambda: runs.ansatz_blocks(8, 0, 1, generator("bad")),
        lambda: runs.repeated_estimation(one_task(8, 1, 0.2), amplitude.Plan(4, 1, 1.0), 0, 1),
    ],
)
def test_bad_input_is_refused(make):
    with pytest.raises(ProtocolError):
        make()


def lines_of(ax, name):
    """x and y of the lines and marks in the colour of a protocol."""
    return [line.get_xydata() for line in ax.lines if line.get_color() == COLOURS[name] and len(line.get_xydata())]


def test_the_figure_shows_counted_traffic(tables):
    slopes = checks.slope_rows(tables["sampling"])
    failures = checks.failure_rows(tables["sampling"], tables["amplitude"])
    changed = {
        "sampling": tables["sampling"].assign(
            messages=7 * tables["sampling"].messages, qubits=7 * tables["sampling"].qubits
        ),
        "amplitude": tables["amplitude"].assign(messages=5, qubits=11),
        "parameters": tables["parameters"].assign(bits=13),
    }
    figure, drawn = inference(*changed.values(), failures, slopes)
    axes = np.array(figure.axes).reshape(3, 3)
    assert lines_of(axes[2, 0], "quantum sampling")[0][:, 0].tolist() == [7 * 2 * k for k in SETTINGS["copies"]]
    assert set(lines_of(axes[2, 0], "quantum amplitude estimation")[0][:, 0]) == {5}
    for ax in axes[2, 1:]:
        assert set(lines_of(ax, "quantum amplitude estimation")[0][:, 1]) == {11}
        assert set(lines_of(ax, "Bob's parameters")[0][:, 1]) == {13}
    assert lines_of(axes[2, 2], "quantum sampling")[0][:, 1].tolist() == [7 * 2 * layers * 16 * 6 for layers in (1, 2)]
    assert set(drawn.panel) == {"sampling", "failures", "amplitude estimation", "Bob's parameters"}
    assert [ax.get_xlabel() for ax in axes[:, 1]] == ["dimension N"] * 3
    assert [ax.get_xlabel() for ax in axes[:, 2]] == ["layers L"] * 3
    plt.close(figure)
