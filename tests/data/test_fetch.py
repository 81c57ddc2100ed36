"""Sources: mirror, wheel, URL; altered, truncated and missing files; resumed downloads."""

import hashlib
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from qcomm.data import download
from qcomm.data.bundle import Bundle
from qcomm.data.download import Limits
from qcomm.data.fetch import Fetcher, fetch_own
from qcomm.data.registry import Container, RawFile, Wheel, check_names, fetched_datasets, read_table, variants_of
from qcomm.errors import ConfigError, DataError, SourceError

CONTENT = b"0123456789" * 100_000
HASH = hashlib.sha256(CONTENT).hexdigest()
FIELDS = list(RawFile.__dataclass_fields__)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)


def tables(folder: Path, **cells: str) -> Path:
    row = dict.fromkeys(FIELDS, "") | {"dataset": "tiny", "variant": "gin", "file": "T.txt", "sha256": HASH} | cells
    (folder / "datasets.tsv").write_text("\t".join(FIELDS) + "\n" + "\t".join(row.values()) + "\n")
    (folder / "wheels.tsv").write_text("\t".join(Wheel.__dataclass_fields__) + "\n")
    (folder / "containers.tsv").write_text("\t".join(Container.__dataclass_fields__) + "\n")
    return folder


def fetcher(tmp_path, sources, folder=None, **cells) -> Fetcher:
    return Fetcher(tables(tmp_path, **cells), tmp_path / "downloads", sources, folder, Limits(2, 2))


class Server(ThreadingHTTPServer):
    """Serves CONTENT; drops the first connections after some bytes, or answers with errors first.

    Ranges are served as RFC 9110 says: of the version that If-Range names, 416 where nothing is left. With ``etag``
    false the server gives its content no name.
    """

    def __init__(self, drops: int = 0, errors: int = 0, content: bytes = CONTENT, status: int = 503, etag: bool = True):
        super().__init__(("127.0.0.1", 0), Handler)
        self.drops, self.errors, self.content, self.ranges = drops, errors, content, []
        self.status, self.etag = status, etag
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}/T.txt"

    @property
    def version(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()}"'


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        wanted = self.headers.get("Range")
        server.ranges.append(wanted)
        if server.errors:
            server.errors -= 1
            self.send_error(server.status)
            return
        same = wanted and self.headers.get("If-Range", server.version) == server.version
        start, size = int(wanted.split("=")[1].rstrip("-")) if same else 0, len(server.content)
        body = server.content[start:]
        self.send_response((206 if body else 416) if same else 200)
        self.send_header("Content-Length", str(len(body)))
        if server.etag:
            self.send_header("ETag", server.version)
        if same:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}" if body else f"bytes */{size}")
        self.end_headers()
        if server.drops:
            server.drops -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    servers = []

    def start(**options) -> Server:
        servers.append(Server(**options))
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_dropped_download_resumes(tmp_path, serve):
    server = serve(drops=2)
    assert fetcher(tmp_path, ["upstream"], upstream=server.url).fetch("tiny", tmp_path / "o.zip") == "upstream"
    assert server.ranges[0] is None
    starts = [int(wanted.removeprefix("bytes=").rstrip("-")) for wanted in server.ranges[1:]]
    assert 0 < starts[0] < starts[1] < len(CONTENT)
    with Bundle(tmp_path / "o.zip") as bundle:
        assert bundle.read("T.txt") == CONTENT
        assert bundle.description["source"] == "upstream"


def unfinished(tmp_path, server, content: bytes) -> Path:
    """What a download that was killed leaves: some bytes and the version that they belong to."""
    from pooch.utils import unique_file_name

    (tmp_path / "downloads").mkdir()
    part = tmp_path / "downloads" / f"{unique_file_name(server.url)}.part"
    part.write_bytes(content)
    part.with_name(f"{part.name}.version").write_text(server.version)
    return part


def test_a_rest_of_another_version_is_not_joined(tmp_path, serve):
    server = serve()
    unfinished(tmp_path, server, CONTENT[:1000])
    server.content = CONTENT[::-1]  # replaced meanwhile, with the same length
    digest = hashlib.sha256(server.content).hexdigest()
    made = fetcher(tmp_path, ["upstream"], upstream=server.url, sha256=digest)
    assert made.fetch("tiny", tmp_path / "o.zip") == "upstream"
    assert server.ranges == ["bytes=1000-"]


def test_without_a_version_a_download_starts_anew(tmp_path, serve):
    server = serve(drops=1, etag=False)
    assert fetcher(tmp_path, ["upstream"], upstream=server.url).fetch("tiny", tmp_path / "o.zip") == "upstream"
    assert server.ranges == [None, None]


@pytest.mark.parametrize(("kept", "requests"), [(len(CONTENT), 1), (len(CONTENT) + 5, 2)])
def test_a_download_that_is_complete_or_too_long_already(tmp_path, serve, kept, requests):
    server = serve()
    part = unfinished(tmp_path, server, (CONTENT + b"extra")[:kept])
    assert fetcher(tmp_path, ["upstream"], upstream=server.url).fetch("tiny", tmp_path / "o.zip") == "upstream"
    assert len(server.ranges) == requests
    assert not part.exists()
    assert not part.with_name(f"{part.name}.version").exists()


@pytest.mark.parametrize(("status", "requests"), [(404, 1), (403, 1), (429, 3), (500, 3)])
def test_refusals_that_will_not_change_are_not_retried(tmp_path, serve, status, requests):
    server = serve(errors=99, status=status)
    with pytest.raises(SourceError, match=f"HTTP status {status}"):
        fetcher(tmp_path, ["upstream"], upstream=server.url).fetch("tiny", tmp_path / "o.zip")
    assert len(server.ranges) == requests


def archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    return stream.getvalue()


PAGE = b"<html>Please log in</html>"
NOISE = bytes(range(256)) * 40
GOOD_ZIP, WITHOUT_IT, ALTERED = archive(T=CONTENT), archive(U=CONTENT), archive(T=CONTENT[1:])


@pytest.mark.parametrize("hash_known", [False, True])
@pytest.mark.parametrize(
    ("bad", "message"),
    [(PAGE, "not an archive"), (GOOD_ZIP[:-30], "not an archive"), (WITHOUT_IT, "no member T"), (ALTERED, "T: 999999")],
    ids=["page", "truncated", "without the member", "altered member"],
)
def test_a_bad_container_does_not_stay(tmp_path, serve, bad, message, hash_known):
    server = serve(content=bad)
    cells = {"upstream": f"{server.url}#T", "bytes": str(len(CONTENT))}
    made = fetcher(tmp_path, ["upstream"], **cells)
    if hash_known:
        blob = hashlib.sha1(b"blob %d\0" % len(GOOD_ZIP) + GOOD_ZIP).hexdigest()
        (tmp_path / "containers.tsv").open("a").write(f"{server.url}\t\t\t{blob}\n")
        message = "git blob id is not the recorded one"
    with pytest.raises(SourceError, match=message):
        made.fetch("tiny", tmp_path / "o.zip")
    assert [path for path in (tmp_path / "downloads").iterdir() if path.suffix != ".lock"] == []
    server.content = GOOD_ZIP
    assert made.fetch("tiny", tmp_path / "o.zip") == "upstream"


def test_a_page_is_not_remembered_as_the_first_download(tmp_path, serve):
    server = serve(content=PAGE)
    made = fetcher(tmp_path, ["upstream"], upstream=server.url, sha256="", file="T.zip")
    with pytest.raises(SourceError, match="not an archive"):
        made.fetch("tiny", tmp_path / "o.zip")
    server.content = GOOD_ZIP
    assert made.fetch("tiny", tmp_path / "o.zip") == "upstream"


def test_a_damaged_archive_is_not_remembered_as_the_first_download(tmp_path, serve):
    whole = archive(T=NOISE)
    server = serve(content=whole[:999] + b"?" + whole[1000:])
    made = fetcher(tmp_path, ["upstream"], upstream=server.url, sha256="", file="T.zip", bytes="")
    with pytest.raises(SourceError, match="the member T is damaged"):
        made.fetch("tiny", tmp_path / "o.zip")
    assert not (tmp_path / "first_seen.lock.json").exists()
    server.content = whole
    assert made.fetch("tiny", tmp_path / "o.zip") == "upstream"


def test_gins_archive_has_a_known_hash():
    tables = Path(__file__).resolve().parents[2] / "data"
    (row,) = read_table(tables / "containers.tsv", Container)
    assert row.git_blob == "e0ec83a65147ea685c2b12d92d336f05c4dffc7c"
    urls = {file.upstream.partition("#")[0] for file in read_table(tables / "datasets.tsv", RawFile)}
    assert row.url in urls


def test_server_errors_are_retried_and_then_reported(tmp_path, serve):
    server = serve(errors=2)
    assert fetcher(tmp_path, ["upstream"], upstream=server.url).fetch("tiny", tmp_path / "o.zip") == "upstream"
    broken = serve(errors=99)
    with pytest.raises(SourceError, match="HTTP status 503") as error:
        fetcher(tmp_path, ["upstream"], upstream=broken.url).fetch("tiny", tmp_path / "p.zip")
    assert "3 attempts" in str(error.value)
    assert not (tmp_path / "p.zip").exists()


def test_an_altered_download_is_refused_and_deleted(tmp_path, serve):
    server = serve(content=CONTENT[:-1] + b"X")
    with pytest.raises(SourceError, match="sha256 is not the recorded one"):
        fetcher(tmp_path, ["upstream"], upstream=server.url).fetch("tiny", tmp_path / "o.zip")
    assert [p for p in (tmp_path / "downloads").iterdir() if p.suffix != ".lock"] == []
    assert not (tmp_path / "o.zip").exists()


def test_an_unknown_hash_is_recorded_and_enforced(tmp_path, serve):
    server = serve()
    made = fetcher(tmp_path, ["upstream"], upstream=server.url, sha256="")
    made.fetch("tiny", tmp_path / "o.zip")
    assert json.loads((tmp_path / "first_seen.lock.json").read_text()) == {server.url: HASH}
    server.content = b"something else"
    next(p for p in (tmp_path / "downloads").iterdir() if p.suffix == ".txt").unlink()
    with pytest.raises(SourceError, match="not the one that was downloaded first"):
        made.fetch("tiny", tmp_path / "p.zip")


def test_no_network_names_every_source(tmp_path):
    made = fetcher(tmp_path, ["mirror", "pypi", "upstream"], tmp_path, mirror="T.txt", upstream="http://127.0.0.1:9/x")
    with pytest.raises(SourceError, match="no source delivered tiny") as error:
        made.fetch("tiny", tmp_path / "o.zip")
    message = str(error.value)
    assert "not in the mirror" in message
    assert "pypi: does not have tiny" in message
    assert "ConnectionError" in message
    assert "QCOMM_MIRROR" in message


def test_a_mirror_that_is_no_folder_is_refused(tmp_path, serve):
    server = serve()
    made = fetcher(tmp_path, ["mirror", "upstream"], tmp_path / "mirorr", mirror="T.txt", upstream=server.url)
    with pytest.raises(ConfigError, match="is not a folder") as error:
        made.fetch("tiny", tmp_path / "o.zip")
    assert "data.mirror or QCOMM_MIRROR" in str(error.value)
    assert "mirorr" in str(error.value)
    assert server.ranges == []


def test_a_source_that_was_passed_over_is_told(tmp_path, serve, capsys):
    server = serve()
    (tmp_path / "T.txt").write_bytes(CONTENT[1:])
    made = fetcher(tmp_path, ["mirror", "upstream"], tmp_path, mirror="T.txt", upstream=server.url)
    assert made.fetch("tiny", tmp_path / "o.zip") == "upstream"
    told = capsys.readouterr().err
    assert "tiny comes from upstream, because mirror (gin): T.txt: the sha256 is not the recorded one" in told


@pytest.mark.parametrize(
    ("recorded", "sources", "expected"),
    [
        ("pypi", ["mirror", "pypi", "upstream"], "mirror"),
        ("upstream", ["pypi", "upstream"], None),  # no wheel has it
        ("mirror", ["mirror", "upstream"], None),
        ("mirror", ["upstream"], "upstream"),  # a source that is no longer wanted
    ],
)
def test_an_earlier_source_that_has_the_set_is_found(tmp_path, recorded, sources, expected):
    (tmp_path / "T.txt").write_bytes(CONTENT)
    made = fetcher(tmp_path, sources, tmp_path, mirror="T.txt", upstream="http://127.0.0.1:9/x")
    assert made.earlier_source("tiny", recorded) == expected
    (tmp_path / "T.txt").unlink()
    assert made.earlier_source("tiny", recorded) == (None if expected == "mirror" else expected)


@pytest.mark.parametrize("member", [False, True])
def test_mirror_files_are_verified(tmp_path, member):
    mirror = tmp_path / "mirror"
    mirror.mkdir()

    def put(content: bytes) -> str:
        (mirror / "T.txt").write_bytes(content)
        if not member:
            return "T.txt"
        with zipfile.ZipFile(mirror / "T.zip", "w") as archive:
            archive.writestr("../../T.txt", content)
        return "T.zip#../../T.txt"

    place = put(CONTENT)
    assert fetcher(tmp_path, ["mirror"], mirror, mirror=place).fetch("tiny", tmp_path / "o.zip") == "mirror"
    with Bundle(tmp_path / "o.zip") as bundle:
        assert bundle.names == ["T.txt"]
    before = (tmp_path / "o.zip").read_bytes()
    put(CONTENT[:-1])
    with pytest.raises(SourceError, match="truncated or altered"):
        fetcher(tmp_path, ["mirror"], mirror, mirror=place).fetch("tiny", tmp_path / "o.zip")
    assert (tmp_path / "o.zip").read_bytes() == before


def test_a_git_blob_id_pins_a_file(tmp_path):
    (tmp_path / "T.txt").write_bytes(CONTENT)
    blob = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()
    cells = {"mirror": "T.txt", "sha256": ""}
    fetcher(tmp_path, ["mirror"], tmp_path, git_blob=blob, **cells).fetch("tiny", tmp_path / "o.zip")
    with pytest.raises(SourceError, match="git blob id"):
        fetcher(tmp_path, ["mirror"], tmp_path, git_blob=blob[::-1], **cells).fetch("tiny", tmp_path / "o.zip")


def test_a_member_of_a_wheel(tmp_path, monkeypatch):
    links = tmp_path / "links"
    links.mkdir()
    with zipfile.ZipFile(links / "tinydata-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("tinydata/T.txt", CONTENT)
        archive.writestr("tinydata-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinydata\nVersion: 1.0\n")
        archive.writestr(
            "tinydata-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tinydata-1.0.dist-info/RECORD", "")
    wheel = (links / "tinydata-1.0-py3-none-any.whl").read_bytes()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    made = fetcher(tmp_path, ["pypi"], pypi="tinydata==1.0#tinydata/T.txt")
    header = "\t".join(Wheel.__dataclass_fields__)

    def describe(digest):
        row = ["tinydata==1.0", "3.11", "none", "any", str(len(wheel)), digest]
        (tmp_path / "wheels.tsv").write_text(header + "\n" + "\t".join(row) + "\n")

    describe("0" * 64)
    with pytest.raises(SourceError, match="sha256 is not the recorded one"):
        made.fetch("tiny", tmp_path / "o.zip")
    describe(hashlib.sha256(wheel).hexdigest())
    assert made.fetch("tiny", tmp_path / "o.zip") == "pypi"
    with Bundle(tmp_path / "o.zip") as bundle:
        assert bundle.read("T.txt") == CONTENT


def test_unknown_data_sets_get_a_suggestion():
    table = read_table(Path(__file__).resolve().parents[2] / "data" / "datasets.tsv", RawFile)
    with pytest.raises(ConfigError, match="did you mean Cora"):
        variants_of("Corra", table)
    wanted = {"Cora", "CiteSeer", "PubMed", "Reddit", "ogbn-products", "Computers", "Photo", "CS", "Physics"}
    wanted |= {"MUTAG", "PTC", "NCI1", "PROTEINS", "COLLAB", "IMDB-B", "IMDB-M", "REDDIT-B", "REDDIT-M5K"}
    assert wanted <= {row.dataset for row in table}


def test_names_in_the_configuration_are_checked(tmp_path):
    table = read_table(tables(tmp_path) / "datasets.tsv", RawFile)
    config = {
        "data": {"own": {"mine": {}}},
        "nodes": {"datasets": ["tiny", "mine"]},
        "distributed": {"dataset": "tiny"},
        "graphs": {"epochs_of": {"tiny": 3}, "seeds": {"mine": [1]}},
    }
    check_names(config, table)
    assert fetched_datasets(config) == {"tiny"}
    assert fetched_datasets({**config, "linear": {"datasets": ["other"]}}) == {"tiny", "other"}
    wrong = [("nodes", "datasets", ["mine", "tinny"]), ("distributed", "dataset", "tinny")]
    wrong += [("graphs", key, {"tinny": 1}) for key in ("epochs_of", "tuning_epochs_of", "seeds", "models")]
    wrong += [("nodes", key, ["tinny"]) for key in ("self_loops", "row_normalised", "bfloat16")]
    for section, key, value in [*wrong, ("tables", "main_sets", ["tinny"])]:
        with pytest.raises(ConfigError, match="unknown data set 'tinny'; did you mean tiny") as error:
            check_names(config | {section: {key: value}}, table)
        assert f"config key {section}.{key}:" in str(error.value)


def test_a_broken_table_names_its_line(tmp_path):
    tables(tmp_path)
    with (tmp_path / "datasets.tsv").open("a") as stream:
        stream.write("too\tshort\n")
    with pytest.raises(DataError, match="2 columns instead of 11") as error:
        read_table(tmp_path / "datasets.tsv", RawFile)
    assert "line 3" in str(error.value)


def test_own_data(tmp_path):
    (tmp_path / "T_A.txt").write_text("1, 2\n")
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("../../evil/T_A.txt", "1, 2\n")
    for path in (tmp_path, tmp_path / "t.zip"):
        assert fetch_own("mine", {"kind": "graphs", "path": str(path)}, tmp_path / "o.zip") == "own"
        with Bundle(tmp_path / "o.zip") as bundle:
            assert bundle.names == ["T_A.txt"]
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        archive.writestr("good/T_A.txt", "1, 2\n")
        archive.writestr("old/T_A.txt", "9, 9\n")
    with pytest.raises(ConfigError, match=r"twice\.zip holds T_A\.txt in several folders"):
        fetch_own("mine", {"kind": "graphs", "path": str(tmp_path / "twice.zip")}, tmp_path / "p.zip")
    with pytest.raises(ConfigError, match="does not exist") as error:
        fetch_own("mine", {"kind": "nodes", "path": str(tmp_path / "no.npz")}, tmp_path / "p.zip")
    assert "data.own.mine.path" in str(error.value)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="empty is not a file"):
        fetch_own("mine", {"kind": "nodes", "path": str(tmp_path / "empty")}, tmp_path / "p.zip")
    with pytest.raises(ConfigError, match=r"holds no \*.txt"):
        fetch_own("mine", {"kind": "graphs", "path": str(tmp_path / "empty")}, tmp_path / "p.zip")
