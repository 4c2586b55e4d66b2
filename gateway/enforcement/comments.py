"""Comments of a script, as far as they are surely comments: a tracker named in one does nothing (R-43).

Source: ECMA-262, 12.4. Only what begins a line is one beyond doubt; elsewhere it may be a string, a template
or a regular expression, and telling them apart takes a parser.
"""

from __future__ import annotations

import re2

_options = re2.Options()
_options.encoding = re2.Options.Encoding.LATIN1
_COMMENT = re2.compile(
    rb"(?m)^[\t ]*(?:/\*(?s:.*?)\*/|//(?:[^*\r\n\xe2]|\*+[^*/\r\n\xe2])*)", _options
)


def without_comments(script: bytes) -> bytes:
    """The script with such comments taken out; as it was where a line may stand in a template."""
    if (b"/*" not in script and b"//" not in script) or b"`" in script or b"\\\n" in script or b"\\\r" in script:
        return script
    bare: bytes = _COMMENT.sub(b"", script)
    return bare
