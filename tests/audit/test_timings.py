"""Sums per stage and the longest chain, from stamps."""

import json

from qcomm.audit.timings import critical_path, load_stamps, main, per_stage


def stamp(stage, seconds, inputs=(), started="t0", memory=100.0):
    facts = {"stage": stage, "seconds": seconds, "inputs": dict.fromkeys(inputs, "0"), "sha256": "0"}
    return facts | {"started": started, "parameters": {}, "peak_memory_mb": memory}


STAMPS = {
    "a.json": stamp("first", 2.0),
    "a.csv": stamp("first", 2.0),  # the same job's second output
    "b.json": stamp("second", 5.0, ["a.json"], memory=300.0),
    "c.json": stamp("second", 1.0, ["a.json"], "t1"),
    "d.csv": stamp("third", 0.5, ["c.json", "b.json", "raw.txt"]),
}


def test_outputs_of_one_job_count_once():
    rows = {row["stage"]: row for row in per_stage(STAMPS)}
    assert [row["stage"] for row in per_stage(STAMPS)] == ["second", "first", "third"]
    assert (rows["first"]["jobs"], rows["first"]["seconds"]) == (1, 2.0)
    assert (rows["second"]["jobs"], rows["second"]["longest"], rows["second"]["peak_memory_mb"]) == (2, 5.0, 300.0)


def test_the_critical_path_is_the_longest_chain():
    assert critical_path(STAMPS) == [("a.json", 2.0), ("b.json", 5.0), ("d.csv", 0.5)]


def test_the_command_prints_both_and_names_an_empty_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    assert main(["results"]) == 2
    assert "no stamps" in capsys.readouterr().err
    for name, facts in STAMPS.items():
        renamed = facts | {"inputs": {f"results/{key}": value for key, value in facts["inputs"].items()}}
        (tmp_path / "results" / f"{name}.stamp.json").write_text(json.dumps(renamed))
    assert len(load_stamps(["results"])) == 5
    assert main(["results"]) == 0
    printed = capsys.readouterr().out
    assert "critical path, 7.5 s" in printed
    assert printed.index("results/b.json") < printed.index("results/d.csv")
