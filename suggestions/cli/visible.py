"""Text of others made safe to show: it cannot drive the terminal."""

from __future__ import annotations

_PICTURES = 0x2400  # U+2400 is the picture of NUL, and so on
_BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))

_SHOWN: dict[int, str] = {
    **{code: chr(_PICTURES + code) for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: "\u2421",
    **{code: f"\\x{code:02x}" for code in range(0x80, 0xA0)},
    # They make text read other than it is written.
    **{code: f"\\u{code:04x}" for code in _BIDI},
    # Halves of a pair, which no encoding can write.
    **{code: f"\\u{code:04x}" for code in range(0xD800, 0xE000)},
}


def visible(text: str) -> str:
    """The text with each control character in a form that is seen and not obeyed.

    C0 but tab and line feed, and DEL, become their pictures (ESC becomes U+241B); C1, the
    bidirectional overrides and isolates, and lone surrogates become their escape as text.
    """
    return text.translate(_SHOWN)
