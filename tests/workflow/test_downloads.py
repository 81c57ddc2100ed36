"""Downloads that go wrong, through Snakemake: exit code, what the message names, and that nothing is left behind."""

import functools
import hashlib
import http.server
import threading

import pytest
from small_project import Project

from qcomm.data.registry import RawFile

pytestmark = pytest.mark.workflow

# Twenty graphs of two nodes in GIN's text format: nodes and label, then tag, degree and neighbours of each node.
TEXT = "20\n" + ("2 0\n0 1 1\n1 1 0\n" + "2 1\n0 1 1\n0 1 0\n") * 10
COUNTS = "graphs=20;nodes=40;edges=40"
TARGET = "results/graphs/MUTAG.npz"
RESULT = "results/features_graphs/MUTAG.npz"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with results from a server in this process, which serves ``served/``; tests replace the data."""
    folder = tmp_path_factory.mktemp("downloads")
    (folder / "served").mkdir()
    handler = functools.partial(Quiet, directory=folder / "served")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "project").mkdir()
    made = Project(folder / "project")
    made.configure(graphs={"datasets": ["MUTAG"]}, data={"sources": ["upstream"], "retries": 0, "timeout_s": 2})
    made.url = f"http://127.0.0.1:{server.server_port}"
    made.others = [row for row in read(made).splitlines() if not row.startswith("MUTAG\t")]
    register(made, f"{made.url}/{serve(made, TEXT)}")
    done = made.run("--", RESULT)
    assert done.returncode == 0, done.stdout[-2000:]
    yield made
    server.shutdown()
    server.server_close()


def read(project) -> str:
    return (project.folder / "data" / "datasets.tsv").read_text()


def register(project, url: str, **cells: str) -> None:
    """MUTAG has one file, at `url`; the other data sets stay as they are."""
    row = dict.fromkeys(RawFile.__dataclass_fields__, "") | {"dataset": "MUTAG", "variant": "gin", "file": "MUTAG.txt"}
    row |= {"sha256": hashlib.sha256(TEXT.encode()).hexdigest(), "counts": COUNTS, "upstream": url} | cells
    table = "\n".join([*project.others, "\t".join(row.values())]) + "\n"
    (project.folder / "data" / "datasets.tsv").write_text(table)


def serve(project, text: str) -> str:
    """Serve a text under a name of its own, so that no earlier download is used; returns the name."""
    served = project.folder.parent / "served"
    name = f"{len(list(served.iterdir()))}-MUTAG.txt"
    (served / name).write_text(text)
    return name


def test_a_good_download_arrived(project):
    assert (project.folder / TARGET).exists()
    assert (project.folder / RESULT).exists()


@pytest.mark.parametrize("text", [TEXT[:-9], TEXT.replace("2 1", "2 0")], ids=["truncated", "altered"])
def test_a_file_that_is_not_the_recorded_one_is_refused(project, text):
    url = f"{project.url}/{serve(project, text)}"
    register(project, url)
    explained(project, "no source delivered MUTAG", "sha256 is not the recorded one", url)
    name = url.rpartition("/")[2]
    assert [path for path in (project.folder / "data").rglob(f"*{name}*") if path.suffix != ".lock"] == []
    assert not (project.folder / "data/raw/MUTAG.zip").exists()


def test_no_network_is_explained(project):
    register(project, "http://127.0.0.1:9/MUTAG.txt")
    explained(project, "no source delivered MUTAG", "http://127.0.0.1:9/MUTAG.txt", "ConnectionError", "QCOMM_MIRROR")


def test_wrong_counts_are_explained(project):
    register(project, f"{project.url}/{serve(project, TEXT)}", counts="graphs=21;nodes=40;edges=40")
    explained(project, "MUTAG.txt): 20 graphs instead of 21", "data/datasets.tsv")
    assert not (project.folder / TARGET).exists()


def explained(project, *words: str) -> None:
    """The run fails and says why; earlier results stay as they are, and nothing half-written lies about."""
    before = everything(project)
    done = project.run("--", RESULT)
    assert done.returncode == 1
    for word in words:
        assert word in done.stdout, done.stdout[-1500:]
    assert list(project.folder.rglob("*.part")) == []
    after = everything(project)
    assert RESULT in after
    assert after.items() <= before.items()  # what fails loses its own output, nothing else changes


def everything(project) -> dict[str, bytes]:
    """Bytes of all files under results/."""
    found = (path for path in (project.folder / "results").rglob("*") if path.is_file())
    return {path.relative_to(project.folder).as_posix(): path.read_bytes() for path in found}
