"""A server behind a proxy that does TLS: known by its public name, trusted by its certificate."""

import subprocess
from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.labelstudio import server
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.http import TOKEN_VARIABLE, URL_VARIABLE
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.proxy import before
from tests.labelstudio.test_loop import Loop


def test_address_is_kept_and_told_to_the_server(tmp_path: Path) -> None:
    state = State(tmp_path)
    assert server.resolve_public_url(state, None) is None
    assert server.resolve_public_url(state, "https://Label.example.org/") == "https://label.example.org"
    known = server.resolve_public_url(state, None)
    assert known == "https://label.example.org"
    assert (
        server.server_environment(state, None, known).items()
        >= {
            "LABEL_STUDIO_HOST": "https://label.example.org",
            "LABEL_STUDIO_ALLOWED_HOSTS": "127.0.0.1,localhost,label.example.org",
            "LABEL_STUDIO_CSRF_TRUSTED_ORIGINS": "https://label.example.org",
        }.items()
    )
    assert server.resolve_public_url(state, "https://label.example.org:8443") == "https://label.example.org:8443"


@pytest.mark.parametrize(
    "words", ["label.example.org", "https://", "https://a.org/labels", "ftp://a.org", "https://a:b"]
)
def test_what_is_no_address_is_one_line(tmp_path: Path, words: str) -> None:
    with pytest.raises(CannotRun, match=r"^--public: not the address of a host; write https://label\.example\.org$"):
        server.resolve_public_url(State(tmp_path), words)


@pytest.mark.server
def test_another_address_while_it_runs_is_refused(started: State) -> None:
    with pytest.raises(CannotRun, match="already runs, with another address; stop it first"):
        server.start(started, public_url="https://label.example.org")
    assert server.resolve_public_url(started, None) is None


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
    loop, key = Loop(project, started, studio), server.load_credentials(started).token
    port = find_server(started).url.rpartition(":")[2]
    with before(int(port), certificate) as proxy:
        monkeypatch.setenv(URL_VARIABLE, proxy.url)
        monkeypatch.setenv(TOKEN_VARIABLE, key)
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
