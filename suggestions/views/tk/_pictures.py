"""Images of a message, as far as Tk can show them: PNG and GIF that are in the message itself."""

from __future__ import annotations

import re
import tkinter
from collections.abc import Mapping

from ...conversation.chat_message import ChatMessage

_DATA = re.compile(r"data:image/(?:png|gif);base64,", re.IGNORECASE)
_LARGEST = 320
"""Pixels, of a side."""


def addresses_of(message: ChatMessage) -> list[str]:
    """Data URLs and web addresses of all images of a message."""
    found = []
    for part in message.parts:
        image = part.get("image_url")
        address = image.get("url") if isinstance(image, Mapping) else image
        if isinstance(address, str):
            found.append(address)
    return found + [file.url for file in message.files]


def picture_of(parent: tkinter.Misc, address: str) -> tkinter.PhotoImage | None:
    """The image of a data URL; None if Tk cannot show it."""
    data = _DATA.match(address)
    if data is None:
        return None
    try:
        picture = tkinter.PhotoImage(master=parent, data=address[data.end() :])
        largest = max(picture.width(), picture.height())
        if largest > _LARGEST:
            picture = picture.subsample(-(-largest // _LARGEST))
    except tkinter.TclError:
        return None
    return picture
