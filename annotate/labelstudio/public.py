"""The address that others have for a server started here, where a proxy in front of it takes their connections."""

from urllib.parse import urlsplit

from annotate.errors import CannotRun
from annotate.labelstudio.state import State

FILE = "public.json"


def settled(state: State, wanted: str | None) -> str | None:
    """The public address of a folder's server: the one wanted, else the one it had; None where nobody else has one.

    Raises CannotRun for what is no address of a whole host.
    """
    if wanted is None:
        return state.read(FILE, str)
    try:
        parts = urlsplit(wanted)
        whole = parts.hostname and parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        whole = None
    if not whole or parts.scheme not in ("http", "https"):
        raise CannotRun("--public", "is no address of a host", "write https://label.example.org")
    address = f"{parts.scheme}://{parts.hostname}{port}"
    state.write(FILE, address)
    return address


def environment(address: str | None) -> dict[str, str]:
    """What tells the server which name it may be called by, and that forms may come from there."""
    if address is None:
        return {}
    return {
        "LABEL_STUDIO_HOST": address,
        "LABEL_STUDIO_ALLOWED_HOSTS": f"127.0.0.1,localhost,{urlsplit(address).hostname}",
        "LABEL_STUDIO_CSRF_TRUSTED_ORIGINS": address,
    }
