"""HTML: pages made from templates, and legible colours.

The templates of a package are files in its folder `templates/`, named `PACKAGE/FILE`, such as `agreement/page.html`.
Values are escaped, control characters in them too, and a value that a template names and is not given is an error.
"""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from annotate.util.colours import relative_luminance
from annotate.util.escape import replace_unseen_in_html

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: object) -> str:
    """Return a template filled in with values.

    Args:
        template: The name of the template, `PACKAGE/FILE`.
        **values: What the template names.
    """
    return templates().get_template(template).render(values)


@cache
def templates() -> "Environment":
    """Return the environment of all templates, for pages that are rendered in parts (`Template.generate`)."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(read_template),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _finalize(value: object) -> object:
    """Return a value of a template without control characters; it is escaped first, unless it is HTML already."""
    if not isinstance(value, str):
        return value
    from markupsafe import Markup, escape

    return Markup(replace_unseen_in_html(escape(value)))  # noqa: S704 - escaped


def read_template(name: str) -> str:
    """Return the source of a template, `PACKAGE/FILE`."""
    package, _, file = name.partition("/")
    return (files("annotate") / package / "templates" / file).read_text(encoding="utf-8")


def legible_on(colour: str) -> str:
    """Return black or white, whichever contrasts more with the colour `#rrggbb`.

    The contrast is that of relative luminance in WCAG 2.
    """
    return "black" if relative_luminance(colour) > 0.179 else "white"
