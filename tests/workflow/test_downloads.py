"""Downloads that go wrong, through Snakemake: exit code, what the message names, and that nothing is left behind."""

import functools
import hashlib
import http.server
import threading

import pytest
from conftest import Project

from qcomm.data.registry import RawFile, Wheel

pytestmark = pytest.mark.workflow

# Three graphs in GIN's text format: nodes and label, then tag, degree and neighbours of each node.
TEXT = "3\n" + "2 0\n0 1 1\n1 1 0\n" * 2 + "2 1\n0 1 1\n0 1 0\n"
COUNTS = "graphs=3;nodes=6;edges=6"
TARGET = "results/graphs/MUTAG.npz"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def project(tmp_path):
    """A project whose only registered data set comes from a server in this process, which serves ``served/``."""
    (tmp_path / "served").mkdir()
    handler = functools.partial(Quiet, directory=tmp_path / "served")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "project").mkdir()
    made = Project(tmp_path / "project")
    made.configure(graphs={"datasets": ["MUTAG"]}, data={"sources": ["upstream"], "retries": 0, "timeout_s": 2})
    made.url = f"http://127.0.0.1:{server.server_port}/MUTAG.txt"
    yield made
    server.shutdown()
    server.server_close()


def register(project, **cells: str) -> None:
    row = dict.fromkeys(RawFile.__dataclass_fields__, "") | {"dataset": "MUTAG", "variant": "gin", "file": "MUTAG.txt"}
    row |= {"sha256": hashlib.sha256(TEXT.encode()).hexdigest(), "counts": COUNTS, "upstream": project.url} | cells
    table = "\t".join(row) + "\n" + "\t".join(row.values()) + "\n"
    (project.folder / "data" / "datasets.tsv").write_text(table)
    (project.folder / "data" / "wheels.tsv").write_text("\t".join(Wheel.__dataclass_fields__) + "\n")


def serve(project, text: str) -> None:
    (project.folder.parent / "served" / "MUTAG.txt").write_text(text)


def test_a_good_download_arrives(project):
    register(project)
    serve(project, TEXT)
    done = project.run("--", TARGET)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (project.folder / TARGET).exists()


@pytest.mark.parametrize("text", [TEXT[:-9], TEXT.replace("2 1", "2 0")], ids=["truncated", "altered"])
def test_a_file_that_is_not_the_recorded_one_is_refused(project, text):
    register(project)
    serve(project, text)
    explained(project, "no source delivered MUTAG", "sha256 is not the recorded one", project.url)
    assert list((project.folder / "data").rglob("MUTAG*.t*")) + list((project.folder / "data").rglob("*.zip")) == []


def test_no_network_is_explained(project):
    register(project, upstream="http://127.0.0.1:9/MUTAG.txt")
    explained(project, "no source delivered MUTAG", "http://127.0.0.1:9/MUTAG.txt", "ConnectionError", "QCOMM_MIRROR")


def test_wrong_counts_are_explained(project):
    register(project, counts="graphs=4;nodes=6;edges=6")
    serve(project, TEXT)
    explained(project, "MUTAG.txt): 3 graphs instead of 4", "data/datasets.tsv")


def explained(project, *words: str) -> None:
    """The run fails, says why, and leaves neither output nor parts of one."""
    done = project.run("--", TARGET)
    assert done.returncode == 1
    for word in words:
        assert word in done.stdout, done.stdout[-1500:]
    assert not (project.folder / TARGET).exists()
    assert list(project.folder.rglob("*.part")) == []
