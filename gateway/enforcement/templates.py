"""Our markup, kept as templates in `gateway/data/templates`, staff's pages in `gateway/data/staff`.

Every value is escaped unless it is `Markup`.
"""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_ENVIRONMENT = Environment(
    loader=FileSystemLoader([str(files("gateway") / "data" / folder) for folder in ("templates", "staff")]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(name: str, **values: object) -> str:
    """The template `name` filled with `values`; a missing value is an error, never an empty place."""
    return _ENVIRONMENT.get_template(name).render(**values)
