"""What enters a release is a file that git has, under a safe name; never a link, a submodule, a pointer."""

import io
import subprocess
import tarfile
from pathlib import Path

import msgspec
import pytest

from annotate.errors import CannotRun
from annotate.release.candidate import open_candidate
from annotate.release.sources import explain_name, find_name_collisions, name_pointer
from annotate.release.verify import verify
from tests.release.conftest import VERSION, Maintained

FOLDER = f"dist/release/{VERSION}"
ARCHIVE = f"{FOLDER}/sources-{VERSION}.tar.gz"
LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"
ANNEX = "/annex/objects/SHA256E-s12--0123456789abcdef.txt\n"


def git_input(project: Maintained, data: bytes, *words: str) -> str:
    """Run git with some input; return what it prints."""
    done = subprocess.run(["git", *words], cwd=project.root, input=data, capture_output=True, check=True)
    return done.stdout.decode().strip()


def write_blob(project: Maintained, data: bytes) -> str:
    return git_input(project, data, "hash-object", "-w", "--stdin")


def commit_entry(project: Maintained, path: str, data: str, mode: str = "100644") -> None:
    """Commit a blob at a path, whatever is on disk."""
    blob = project.git("rev-parse", "HEAD") if mode == "160000" else write_blob(project, data.encode())
    project.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}")
    project.git("commit", "--quiet", "--message", "as it is not on disk")


def commit_tree_by_hand(project: Maintained, name: bytes) -> None:
    """Commit guidelines/ with one file under a name that git itself would never add."""

    def write_tree(*entries: tuple[bytes, bytes, str]) -> str:
        data = b"".join(b"%b %b\0%b" % (mode, name, bytes.fromhex(hash_)) for mode, name, hash_ in entries)
        return git_input(project, data, "hash-object", "-w", "-t", "tree", "--literally", "--stdin")

    guidelines = write_tree((b"100644", name, write_blob(project, b"x")))
    rows = git_input(project, b"", "ls-tree", "HEAD").splitlines()
    rows.append(f"040000 tree {guidelines}\tguidelines")
    tree = git_input(project, "\n".join(rows).encode() + b"\n", "mktree")
    commit = project.git("commit-tree", tree, "-p", "HEAD", "-m", "made by hand")
    project.git("update-ref", "HEAD", commit)


def assert_refused(project: Maintained, code: str, file: str, words: str) -> None:
    """Assert that both commands report a file, and that no byte of a release is written."""
    for command in ("check", "cut"):
        done = project.annotate("release", command, VERSION)
        assert done.exit_code == 1, done.output
        (line,) = [line for line in done.output.splitlines() if f" {code} " in line and words in line]
        assert line.startswith(f"{file}: "), line
    assert not project.built()


LINKS = ["guidelines/notes.txt", "corpus/sources/notes.txt", "schema/notes.yaml", "LICENSE", f"releases/{VERSION}.json"]


@pytest.mark.parametrize("file", LINKS)
@pytest.mark.parametrize("target", ["absolute", "outside", "inside", "nowhere", "folder"])
def test_link_is_refused(prepared: Maintained, tmp_path: Path, file: str, target: str) -> None:
    """The words of a file outside the repository once were in the archive."""
    (tmp_path / "secret").write_text("HOST SECRET")
    targets = {
        "absolute": str(tmp_path / "secret"),
        "outside": "../../../secret",
        "inside": "../corpus/sources/port.txt",
        "nowhere": "gone",
        "folder": "..",
    }
    prepared.path(file).parent.mkdir(exist_ok=True)
    prepared.path(file).unlink(missing_ok=True)
    prepared.path(file).symlink_to(targets[target])
    prepared.commit()
    if file.startswith("releases/"):
        # The manifest cannot be read through it, or is another one: the rule or an error of one line says so.
        done = prepared.annotate("release", "cut", VERSION)
        assert done.exit_code in (1, 2), done.output
        assert not prepared.built()
        with open_candidate(VERSION, prepared.corpus.root, prepared.schema) as candidate:
            from annotate.release.rules import source_not_packable

            assert [finding.file for finding in source_not_packable("", None, candidate)] == [file]
        return
    assert_refused(prepared, "V205", file, "is a link")


def test_link_in_place_of_the_citation_is_one_line(prepared: Maintained, tmp_path: Path) -> None:
    prepared.path("CITATION.cff").rename(tmp_path / "citation")
    prepared.path("CITATION.cff").symlink_to(tmp_path / "citation")
    prepared.commit()
    before = (tmp_path / "citation").read_bytes()
    assert_refused(prepared, "V205", "CITATION.cff", "is a link")
    assert (tmp_path / "citation").read_bytes() == before


@pytest.mark.parametrize("folder", ["corpus/annotations/carla", "guidelines", "releases"])
def test_link_in_place_of_a_folder_is_refused(port: Maintained, tmp_path: Path, folder: str) -> None:
    """The manifest once was written through it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("mine")
    port.path(folder).symlink_to(elsewhere)
    port.commit()
    done = port.annotate("release", "cut", VERSION)
    assert done.exit_code in (1, 2), done.output
    assert [path.name for path in elsewhere.iterdir()] == ["precious"]


def test_submodule_is_refused(prepared: Maintained) -> None:
    commit_entry(prepared, "guidelines/more", "", "160000")
    prepared.path("guidelines/more").mkdir(parents=True)
    assert_refused(prepared, "V205", "guidelines/more", "is a submodule")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (b"..", "leads out of its folder"),
        (b".", "leads out of its folder"),
        (b".git", "git keeps for itself"),
        (b".GIT", "git keeps for itself"),
        (b"git~1", "git keeps for itself"),
        (b".git. ", "git keeps for itself"),
        (b".g\xe2\x80\x8cit", "git keeps for itself"),
        (b"a\\b.md", "a backslash"),
        (b"a\nb.md", "U+000A"),
        (b"a\x1b[31m.md", "U+001B"),
        (b"a\xe2\x80\xaegpj.md", "U+202E"),
        (b"\xff.md", "is not UTF-8"),
        (b"/etc/passwd", "leads out of its folder"),
        (b"../../x", "leads out of its folder"),
    ],
)
def test_name_in_a_tree_made_by_hand_is_refused(prepared: Maintained, name: bytes, words: str) -> None:
    commit_tree_by_hand(prepared, name)
    for command in ("check", "cut"):
        done = prepared.annotate("release", command, VERSION)
        assert done.exit_code == 1, done.output
        assert [line for line in done.output.splitlines() if " V205 " in line and words in line], done.output
    assert not prepared.built()
    open_ = open_candidate(VERSION, prepared.corpus.root, prepared.schema)
    with open_ as candidate, pytest.raises(CannotRun, match="cannot be packed"):
        list(candidate.read_sources())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a/b.txt", None),
        ("corpus/.gitkeep", None),
        ("corpus/.gitattributes", None),
        ("a..b", None),
        (".github/x", None),
        ("Новости.txt", None),
        ("می‌خواهم.txt", None),
        ("x/.git/config", "git keeps"),
        ("x/.git:stream", "git keeps"),
        ("", "leads out"),
        ("a/", "leads out"),
    ],
)
def test_names(name: str, reason: str | None) -> None:
    explained = explain_name(name)
    assert (explained is None) if reason is None else (explained is not None and reason in explained)


@pytest.mark.parametrize(
    ("paths", "collisions"),
    [
        (["A.txt", "a.txt"], [("a.txt", "A.txt")]),
        (["Straße", "STRASSE"], [("STRASSE", "Straße")]),
        (["caf\u00e9", "cafe\u0301"], [("cafe\u0301", "caf\u00e9")]),
        (["A/x", "a/y"], [("a/y", "A")]),
        (["a/x", "a/y", "b/x"], []),
        (["a", "A/x"], [("A/x", "a")]),
    ],
)
def test_collisions(paths: list[str], collisions: list[tuple[str, str]]) -> None:
    assert list(find_name_collisions(paths)) == collisions


def test_names_that_differ_in_case_are_refused(prepared: Maintained) -> None:
    for name in ("Notes.md", "notes.md"):
        prepared.write(f"guidelines/{name}", "x")
    prepared.commit()
    assert_refused(prepared, "V205", "guidelines/notes.md", "has the name of guidelines/Notes.md")


@pytest.mark.parametrize(
    ("data", "program"),
    [
        (LFS, "Git LFS"),
        (LFS.replace("git-lfs.", "hawser."), "Git LFS"),
        (LFS.replace("oid", f"ext-0-foo sha256:{'0' * 64}\noid"), "Git LFS"),
        (ANNEX, "git-annex"),
        (f"../../.git/annex/objects/x/y{ANNEX}", "git-annex"),
        ("The version https://git-lfs.github.com/spec/v1 is out.\n", None),
        (LFS + "x" * 40_000, None),
        ("", None),
    ],
)
def test_pointers(data: str, program: str | None) -> None:
    assert name_pointer(data.encode()) == program


@pytest.mark.parametrize(
    ("data", "mode", "words"),
    [
        (LFS, "100644", "is a pointer of Git LFS and not the file; run `git lfs untrack` on it, then commit"),
        (ANNEX, "100644", "is a pointer of git-annex and not the file; run `git annex unannex` on it, then commit"),
        ("../../.git/annex/objects/a/b/KEY/KEY", "120000", "is a pointer of git-annex"),
    ],
)
def test_pointer_is_refused_and_the_file_on_disk_is_checked(
    prepared: Maintained, data: str, mode: str, words: str
) -> None:
    """The file is unlocked: on disk it is the file itself, so that `check` works."""
    commit_entry(prepared, "corpus/sources/port.txt", data, mode)
    assert_refused(prepared, "V206", "corpus/sources/port.txt", words)
    checked = prepared.annotate("check", "--strict")
    assert checked.exit_code == 0, checked.output


def test_file_behind_a_filter_is_released_as_git_has_it(prepared: Maintained) -> None:
    """A filter makes other bytes on disk: manifest, provenance and archive have those of git."""
    prepared.write("guidelines/page.md", "one\ntwo\n")
    prepared.write(".gitattributes", "guidelines/page.md text eol=crlf\n")
    prepared.commit()
    prepared.path("guidelines/page.md").unlink()
    prepared.git("checkout", "--", "guidelines/page.md")
    assert prepared.path("guidelines/page.md").read_bytes() == b"one\r\ntwo\r\n"
    assert prepared.git("status", "--porcelain") == ""
    assert prepared.annotate("release", "cut", VERSION).exit_code == 1
    prepared.commit()
    prepared.finish(VERSION)
    assert list(verify(prepared.path(FOLDER))) == []
    assert read_archive(prepared)["guidelines/page.md"] == b"one\ntwo\n"


def read_archive(project: Maintained) -> dict[str, bytes]:
    with tarfile.open(project.path(ARCHIVE)) as archive:
        return {member.name.partition("/")[2]: read_member(archive, member) for member in archive}


def read_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None
    return file.read()


def test_attributes_of_a_stranger_have_no_effect(prepared: Maintained) -> None:
    prepared.write("corpus/.gitattributes", "* export-ignore\n")
    prepared.write("guidelines/.gitattributes", "* export-ignore export-subst\n")
    prepared.write("guidelines/page.md", "$Format:%H$\n")
    prepared.write("guidelines/run.sh", "exit\n")
    prepared.path("guidelines/run.sh").chmod(0o755)
    prepared.git("rm", "-q", "--cached", "corpus/.gitattributes", "--ignore-unmatch")
    prepared.path("corpus/.gitattributes").unlink()
    prepared.write(".gitattributes", "corpus/** export-ignore\nguidelines/** export-ignore export-subst\n")
    prepared.commit()
    assert prepared.annotate("release", "cut", VERSION).exit_code == 1
    prepared.commit()
    prepared.finish(VERSION)
    files = read_archive(prepared)
    assert files["guidelines/page.md"] == b"$Format:%H$\n"
    assert {"corpus/sources/port.txt", "guidelines/run.sh", "guidelines/.gitattributes"} <= files.keys()
    with tarfile.open(prepared.path(ARCHIVE)) as archive:
        assert {(member.mode, member.isreg()) for member in archive} == {(0o644, True)}


@pytest.mark.parametrize("name", ["thesis.txt", "dataset/notes.txt", "SHA256SUMS"])
def test_folder_of_a_release_with_a_foreign_file_is_kept(released: Maintained, name: str) -> None:
    """SHA256SUMS alone, as other downloads have it, makes no release; a file that it does not list is someone's."""
    if name == "SHA256SUMS":
        released.path(FOLDER).rename(released.path("dist/moved"))
        released.write(f"{FOLDER}/image.iso", "mine")
        released.write(f"{FOLDER}/SHA256SUMS", f"{'0' * 64}  image.iso\n")
    else:
        released.write(f"{FOLDER}/{name}", "mine")
    before = released.built()
    done = released.annotate("release", "cut", VERSION)
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert released.built() == before


def test_listed_names_of_another_kind_are_not_replaced(released: Maintained) -> None:
    """Someone's SHA256SUMS lists someone else's file."""
    released.write(f"{FOLDER}/.profile", "mine")
    with released.path(f"{FOLDER}/SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  .profile\n")
    done = released.annotate("release", "cut", VERSION)
    assert (done.exit_code, ".profile: was not made by `annotate release cut`" in done.output) == (2, True), done.output
    assert released.path(f"{FOLDER}/.profile").read_text() == "mine"


@pytest.mark.parametrize("name", ["../../../secret", "/etc/passwd", "data/../../x", "a\\b"])
@pytest.mark.parametrize("file", ["dataset/manifest.json", "release.json"])
def test_manifest_of_a_download_stays_in_its_folder(released: Maintained, name: str, file: str) -> None:
    """`verify` once read the file that a manifest named, wherever it was."""
    folder = released.path(FOLDER)
    manifest = msgspec.json.decode((folder / file).read_bytes())
    (manifest if file.startswith("dataset/") else manifest["dataset"])["tables"][0]["file"] = name
    (folder / file).write_bytes(msgspec.json.encode(manifest))
    from annotate.release.bundle import SUMS, encode_sums

    (folder / SUMS).write_bytes(encode_sums(folder))
    done = released.annotate("release", "verify", FOLDER)
    assert done.exit_code in (1, 2), done.output
    assert done.output.count("\n") == 1, done.output
    assert "manifest" in done.output


def add_member(folder: Path, member: tarfile.TarInfo, data: bytes = b"") -> list[str]:
    """Add a member to the source archive of a release, under true sums; return what `verify` reports."""
    from annotate.release.bundle import SUMS, encode_sums

    path = folder / f"sources-{VERSION}.tar.gz"
    with tarfile.open(path) as archive:
        members = [(old, read_member(archive, old)) for old in archive]
    member.size = len(data)
    with tarfile.open(path, "w:gz") as archive:
        for new, content in (*members, (member, data)):
            archive.addfile(new, io.BytesIO(content))
    (folder / SUMS).write_bytes(encode_sums(folder))
    return list(verify(folder))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (f"sources-{VERSION}/link", tarfile.SYMTYPE),
        (f"sources-{VERSION}/corpus/sources/port.txt", tarfile.SYMTYPE),
        (f"sources-{VERSION}/loop", tarfile.LNKTYPE),
        (f"sources-{VERSION}/device", tarfile.CHRTYPE),
        (f"sources-{VERSION}/pipe", tarfile.FIFOTYPE),
        (f"sources-{VERSION}/folder", tarfile.DIRTYPE),
        (f"sources-{VERSION}/../outside", tarfile.REGTYPE),
        ("/etc/passwd", tarfile.REGTYPE),
        ("elsewhere/corpus/sources/port.txt", tarfile.REGTYPE),
        (f"sources-{VERSION}/corpus/sources/port.txt", tarfile.REGTYPE),
        (f"sources-{VERSION}/guidelines/added.md", tarfile.REGTYPE),
    ],
)
def test_member_that_no_release_packs_is_found(released: Maintained, name: str, kind: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, name
    (problem,) = add_member(released.path(FOLDER), member)
    assert problem.startswith(f"sources-{VERSION}.tar.gz: "), problem
    assert problem.endswith((" was added", " is not a regular file", " is in it twice")), problem
