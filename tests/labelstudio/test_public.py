"""A server behind a proxy that does TLS: known by its public name, trusted by its certificate."""

import subprocess
from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.labelstudio import server
from annotate.labelstudio import server as public
from annotate.labelstudio.client import KEY, URL, Studio, address
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.proxy import before
from tests.labelstudio.test_loop import Loop


def test_address_is_kept_and_told_to_the_server(tmp_path: Path) -> None:
    state = State(tmp_path)
    assert (public.settled_public(state, None), public.environment_public(None)) == (None, {})
    assert public.settled_public(state, "https://Label.example.org/") == "https://label.example.org"
    known = public.settled_public(state, None)
    assert known == "https://label.example.org"
    assert public.environment_public(known) == {
        "LABEL_STUDIO_HOST": "https://label.example.org",
        "LABEL_STUDIO_ALLOWED_HOSTS": "127.0.0.1,localhost,label.example.org",
        "LABEL_STUDIO_CSRF_TRUSTED_ORIGINS": "https://label.example.org",
    }
    assert public.settled_public(state, "https://label.example.org:8443") == "https://label.example.org:8443"


@pytest.mark.parametrize(
    "words", ["label.example.org", "https://", "https://a.org/labels", "ftp://a.org", "https://a:b"]
)
def test_what_is_no_address_is_one_line(tmp_path: Path, words: str) -> None:
    with pytest.raises(CannotRun, match=r"^--public: is no address of a host; write https://label\.example\.org$"):
        public.settled_public(State(tmp_path), words)


@pytest.mark.server
def test_another_address_while_it_runs_is_refused(started: State) -> None:
    with pytest.raises(CannotRun, match="runs already, with another address; stop it first"):
        server.up(started, public="https://label.example.org")
    assert public.settled_public(started, None) is None


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of the loopback, signed by itself, and its key, in one file."""
    key, signed = tmp_path / "key.pem", tmp_path / "signed.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=label -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(["openssl", *words.split(), "-keyout", key, "-out", signed], check=True, capture_output=True)
    both = tmp_path / "both.pem"
    both.write_bytes(key.read_bytes() + signed.read_bytes())
    return both


@pytest.mark.server
def test_certificate_is_trusted_where_it_is_named(
    project: Project, started: State, studio: Studio, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, key = Loop(project, started, studio), server.credentials(started).token
    port = address(started).url.rpartition(":")[2]
    with before(int(port), certificate) as proxy:
        monkeypatch.setenv(URL, proxy.url)
        monkeypatch.setenv(KEY, key)
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        refused = loop.annotate("push")
        assert refused.exit_code == 2
        assert refused.stderr == (
            f"annotate: {proxy.url}: has a certificate that is not trusted here; "
            "set SSL_CERT_FILE to the file of the authority that signed it\n"
        )
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("signed.pem")))
        pushed = loop.annotate("push")
        assert pushed.exit_code == 0, pushed.output
        assert "2 articles new" in pushed.stdout
