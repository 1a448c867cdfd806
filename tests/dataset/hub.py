"""A small Hub on this machine: it answers the calls that `huggingface_hub` makes for a dataset, and keeps its files.

Commits are whole trees in memory. A Parquet file must come over LFS, as the Hub demands of binary files, and its bytes
must have the hash that they were announced with. A call that it does not know is an error of the test.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_ThisIsNoRealTokenButItMustNeverBeSeen"
Tree = dict[str, bytes]


@dataclass
class Repo:
    private: bool
    commits: list[tuple[str, str, Tree]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def add(self, title: str, tree: Tree) -> str:
        oid = hashlib.sha1(f"{len(self.commits)} {title}".encode()).hexdigest()  # noqa: S324 - as git does
        self.commits.append((oid, title, tree))
        return oid

    def tree(self, revision: str) -> tuple[str, Tree]:
        wanted = self.tags.get(revision, self.commits[-1][0] if revision == "main" else revision)
        return next((oid, tree) for oid, _, tree in self.commits if oid == wanted)


@dataclass
class Hub:
    """What the server holds. `faults` maps a part of a call, as in "POST /api/…/commit", to the status to answer."""

    url: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)

    def make(self, name: str, **files: bytes) -> Repo:
        """A repository as the Hub makes it, with its .gitattributes; `files` by name, `__` for a dot."""
        repo = self.repos[name] = Repo(private=False)
        tree = {".gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"}
        repo.add("initial commit", tree | {path.replace("__", "."): data for path, data in files.items()})
        return repo


class Answer(Exception):  # noqa: N818 - it is an answer, not always an error
    def __init__(self, status: int, body: bytes = b"", **headers: str) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers


def blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%b" % (len(data), data)).hexdigest()  # noqa: S324 - git's own name for it


def is_lfs(path: str) -> bool:
    return path.endswith(".parquet")


def entry(path: str, data: bytes) -> dict[str, Any]:
    """A file as a listing has it."""
    found: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": blob(data)}
    if is_lfs(path):
        digest = hashlib.sha256(data).hexdigest()
        found["lfs"] = {"oid": digest, "size": len(data), "pointerSize": 130}
    return found


class Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing to standard error."""

    def _handle(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        call = f"{self.command} {unquote(address.path)}"
        self.hub.calls.append(call)
        try:
            faults = [status for part, status in self.hub.faults.items() if part in call]
            answer = Answer(faults[0], b"{}") if faults else self._answered(call, data, parse_qs(address.query))
        except Answer as raised:
            answer = raised
        except Exception as error:
            # The client must get an answer; the test sees what happened in `calls`.
            self.hub.calls.append(f"FAILED {call}: {error!r}")
            answer = Answer(599)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", answer.headers.get("Size") or str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = _handle  # noqa: N815

    def _answered(self, call: str, data: bytes, query: dict[str, list[str]]) -> Answer:
        for pattern, answer in ROUTES.items():
            if found := re.fullmatch(pattern, call):
                if self.command in ("POST", "PUT") and "/paths-info/" not in call and "/lfs/" not in call:
                    self._may_write()
                if "name" not in found.groupdict():
                    return answer(self, data, query)
                name = found["name"]
                if name not in self.hub.repos:
                    raise Answer(404, b"{}", X_Error_Code="RepoNotFound")
                return answer(self, self.hub.repos[name], name, data, *found.groups()[1:])
        if "/api/datasets/" in call or "/resolve/" in call:
            raise AssertionError("no such call")
        raise Answer(404, b"{}")

    def _may_write(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Answer(401, b"{}", X_Error_Message="Invalid credentials in Authorization header")

    def _json(self, value: object, status: int = 200) -> Answer:
        return Answer(status, json.dumps(value).encode(), Content_Type="application/json")

    def create(self, data: bytes, query: object) -> Answer:
        asked = json.loads(data)
        name = f"{asked['organization']}/{asked['name']}"
        if name in self.hub.repos:
            raise Answer(409, b"{}")
        self.hub.make(name).private = bool(asked.get("private")) or asked.get("visibility") == "private"
        return self._json({"url": f"{self.hub.url}/datasets/{name}", "id": name, "name": name})

    def validate(self, data: bytes, query: object) -> Answer:
        assert json.loads(data)["content"].startswith("---\n")
        return self._json({"errors": [], "warnings": []})

    def info(self, repo: Repo, name: str, data: bytes, revision: str = "main") -> Answer:
        oid, tree = self._tree(repo, revision)
        return self._json(
            {"_id": "1", "id": name, "sha": oid, "private": repo.private, "disabled": False, "gated": False, "tags": []}
            | {"downloads": 0, "likes": 0, "siblings": [{"rfilename": path} for path in tree]}
        )

    def _tree(self, repo: Repo, revision: str) -> tuple[str, Tree]:
        try:
            return repo.tree(revision)
        except StopIteration:
            raise Answer(404, b"{}", X_Error_Code="RevisionNotFound") from None

    def listing(self, repo: Repo, name: str, data: bytes, revision: str, below: str | None) -> Answer:
        _, tree = self._tree(repo, revision)
        below = f"{below.strip('/')}/" if below else ""
        files = [entry(path, content) for path, content in tree.items() if path.startswith(below)]
        folders = {path.rsplit("/", depth)[0] for path in tree for depth in range(1, path.count("/") + 1)}
        return self._json(
            [{"type": "directory", "path": path, "oid": blob(path.encode()), "size": 0} for path in sorted(folders)]
            + files
        )

    def paths(self, repo: Repo, name: str, data: bytes, revision: str) -> Answer:
        _, tree = self._tree(repo, revision)
        asked = parse_qs(data.decode())["paths"] if data[:1] != b"{" else json.loads(data)["paths"]
        found = [entry(path, tree[path]) for path in asked if path in tree]
        folders = [path for path in asked if any(one.startswith(f"{path}/") for one in tree)]
        return self._json(
            found + [{"type": "directory", "path": path, "oid": blob(path.encode()), "size": 0} for path in folders]
        )

    def refs(self, repo: Repo, name: str, data: bytes) -> Answer:
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.commits[-1][0]}
        tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": oid} for tag, oid in repo.tags.items()]
        return self._json({"branches": [main], "converts": [], "tags": tags})

    def preupload(self, repo: Repo, name: str, data: bytes, revision: str) -> Answer:
        _, tree = self._tree(repo, revision)
        files = [
            {
                "path": one["path"],
                "uploadMode": "lfs" if is_lfs(one["path"]) else "regular",
                "shouldIgnore": False,
                "oid": blob(tree[one["path"]]) if one["path"] in tree else None,
            }
            for one in json.loads(data)["files"]
        ]
        return self._json({"files": files})

    def batch(self, repo: Repo, name: str, data: bytes) -> Answer:
        asked = json.loads(data)["objects"]
        objects = [
            one if one["oid"] in self.hub.objects else one | {"actions": {"upload": {"href": self._href(one["oid"])}}}
            for one in asked
        ]
        return self._json({"transfer": "basic", "objects": objects})

    def _href(self, oid: str) -> str:
        return f"{self.hub.url}/lfs/{oid}"

    def upload(self, data: bytes, query: object) -> Answer:
        announced = self.path.rsplit("/", 1)[-1]
        assert hashlib.sha256(data).hexdigest() == announced
        self.hub.objects[announced] = data
        return Answer(200)

    def commit(self, repo: Repo, name: str, data: bytes, revision: str) -> Answer:
        head, tree = self._tree(repo, revision)
        made = dict(tree)
        lines = [json.loads(line) for line in data.splitlines()]
        if lines[0]["value"].get("parentCommit", head) != head:
            raise Answer(412, b"{}")
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                assert not is_lfs(value["path"])
                made[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                made[value["path"]] = self.hub.objects[value["oid"]]
            else:
                assert line["key"] == "deletedFile"
                del made[value["path"]]
        oid = repo.add(lines[0]["value"]["summary"], made)
        return self._json({"commitUrl": f"{self.hub.url}/datasets/{name}/commit/{oid}", "commitOid": oid})

    def tag(self, repo: Repo, name: str, data: bytes, revision: str) -> Answer:
        wanted = json.loads(data)["tag"]
        if wanted in repo.tags:
            raise Answer(409, b"{}")
        repo.tags[wanted] = self._tree(repo, revision)[0]
        return self._json({})

    def resolve(self, repo: Repo, name: str, data: bytes, revision: str, path: str) -> Answer:
        oid, tree = self._tree(repo, revision)
        if path not in tree:
            raise Answer(404, X_Error_Code="EntryNotFound")
        found = tree[path]
        etag = hashlib.sha256(found).hexdigest() if is_lfs(path) else blob(found)
        status, wanted = 200, re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        headers = {"ETag": f'"{etag}"', "X_Repo_Commit": oid, "Accept_Ranges": "bytes"}
        if wanted:
            first, last = int(wanted[1]), min(int(wanted[2] or len(found)), len(found) - 1)
            status, headers["Content_Range"] = 206, f"bytes {first}-{last}/{len(found)}"
            found = found[first : last + 1]
        return Answer(status, found, **headers)


_API = r"/api/datasets/(?P<name>[^/]+/[^/]+)"
ROUTES: dict[str, Callable[..., Answer]] = {
    r"POST /api/repos/create": Handler.create,
    r"POST /api/validate-yaml": Handler.validate,
    rf"GET {_API}": Handler.info,
    rf"GET {_API}/revision/(.+)": Handler.info,
    rf"GET {_API}/tree/([^/]+)(/.*)?": Handler.listing,
    rf"GET {_API}/refs": Handler.refs,
    rf"POST {_API}/paths-info/(.+)": Handler.paths,
    rf"POST {_API}/preupload/(.+)": Handler.preupload,
    rf"POST {_API}/commit/(.+)": Handler.commit,
    rf"POST {_API}/tag/(.+)": Handler.tag,
    r"POST /datasets/(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch": Handler.batch,
    r"PUT /lfs/[0-9a-f]{64}": Handler.upload,
    r"(?:GET|HEAD) /datasets/(?P<name>[^/]+/[^/]+)/resolve/([^/]+)/(.+)": Handler.resolve,
}


@contextmanager
def serving() -> Iterator[Hub]:
    """A Hub on a free port of this machine, for as long as the block lasts."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
