"""Other storage: memory, and an object server on loopback."""

import tracemalloc
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import fsspec
import pytest

from annotate.convert import storage
from annotate.convert.storage import cut_lines, describe_error, open_output, public_name
from annotate.offsets import sha256
from tests.conftest import BASE
from tests.convert.conftest import SMALL, Place, made_up
from tests.test_faults import ANNOTATE, assert_refused, run


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("a/q?1#2.json", "a/q?1#2.json"),
        ("https://anna:secret@host/x.json?token=secret#secret", "https://host/x.json"),
        ("s3://key@bucket/a/x.json", "s3://bucket/a/x.json"),
        ("memory://x.json", "memory://x.json"),
    ],
)
def test_public_names_hold_no_secret(address: str, name: str) -> None:
    assert public_name(address) == name
    assert describe_error(ValueError(f"403, url='{address}'\n!")) == f"403, url='{name}' !"


@pytest.mark.parametrize("block", [1, 2, 3, 100])
@pytest.mark.parametrize("data", [b"", b"\n", b"a", b"a\n", b"a\nbc\n\nd", b"\n\n", b"a\r\nb\n"])
def test_lines_do_not_depend_on_how_much_is_read_at_once(
    monkeypatch: pytest.MonkeyPatch, block: int, data: bytes
) -> None:
    monkeypatch.setattr(storage, "_BLOCK", block)
    lines = data.split(b"\n")
    assert list(cut_lines(BytesIO(data).read)) == (lines if lines[-1] else lines[:-1])


def test_a_line_without_an_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_BLOCK", 4)
    monkeypatch.setattr(storage, "LONGEST_LINE", 10)
    assert list(cut_lines(BytesIO(b"a" * 25 + b"\nb").read)) == [b"a" * 12, b"a" * 12, b"a", b"b"]


def test_a_file_is_read_line_by_line(tmp_path: Path) -> None:
    lines = [b"%06d" % number + b"a" * 1000 for number in range(4000)]
    (tmp_path / "list").write_bytes(b"\n".join(lines))
    tracemalloc.start()
    try:
        read = open_output(str(tmp_path)).read_lines("list")
        assert all(line == own for line, own in zip(read, lines, strict=True))
        before, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 1_000_000 < sum(map(len, lines))
    assert not list(open_output(str(tmp_path)).read_lines("missing"))


def digests(address: str) -> dict[str, str]:
    system, root = fsspec.core.url_to_fs(address)
    system.invalidate_cache()
    root = root.rstrip("/")
    return {path.removeprefix(root).lstrip("/"): sha256(system.cat_file(path)) for path in system.find(root)}


def test_memory_gives_the_same_bytes(place: Place) -> None:
    path = place.export(made_up(1, 8))
    assert place.convert(path, "--shard-size", SMALL).exit_code == 0
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/exports/export.json", path.read_bytes())
    words = ("memory://exports/export.json", "--shard-size", SMALL)
    done = place.convert(*words, out="memory://datasets/one")
    assert done.exit_code == 0, done.output
    assert digests("memory://datasets/one") == place.digests()
    refused = place.convert(*words, out="memory://datasets/one")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert place.convert(*words, "--overwrite", out="memory://datasets/one").exit_code == 0
    assert digests("memory://datasets/one") == place.digests()
    resumed = place.convert(*words, "--resume", out="memory://datasets/one")
    assert (resumed.exit_code, digests("memory://datasets/one")) == (0, place.digests()), resumed.output
    several = place.convert(*words, out="memory://datasets/two", workers=2)
    assert (several.exit_code, several.output.count("\n")) == (2, 1), several.output
    memory.rm("/exports", recursive=True)
    memory.rm("/datasets", recursive=True)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An S3 server on loopback with one bucket; the settings are those that a worker takes from its environment."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {"AWS_ACCESS_KEY_ID": "made-up", "AWS_SECRET_ACCESS_KEY": "made-up", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in {**settings, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir("exports")
    yield "s3://exports"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().rm("exports", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def test_object_store_gives_the_same_bytes(place: Place, bucket: str) -> None:
    path = place.export([*made_up(1, 8), made_up(2, 2)[0]])
    assert place.convert(path, "--shard-size", SMALL).exit_code == 1
    system, _ = fsspec.core.url_to_fs(bucket)
    system.put_file(str(path), "exports/in/export.json")
    words = (f"{bucket}/in/export.json", "--shard-size", SMALL)
    # In a process of its own, whose workers know the server: a fork server has the environment of its beginning.
    given = ("--schema", str(BASE / "schema"), "--out", f"{bucket}/out", "--workers", "2")
    done = run([*ANNOTATE, "convert", *words, *given], place.root)
    assert done.returncode == 1, done.stderr
    assert digests(f"{bucket}/out") == place.digests()
    resumed = place.convert(*words, "--resume", out=f"{bucket}/out")
    assert resumed.exit_code == 1, resumed.output
    missing = place.convert(f"{bucket}/in/nothing.json", out=f"{bucket}/other")
    assert (missing.exit_code, missing.output.count("\n")) == (2, 1), missing.output


def test_store_without_credentials_is_one_line(place: Place, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    given = ("--schema", str(BASE / "schema"), "--out", "out", "--workers", "1")
    assert_refused(run([*ANNOTATE, "convert", f"{bucket}/in/export.json", *given], place.root))
