"""Importing this raises `ImportError` if PyQt6 has no types of QML, as Debian's has not without
further packages."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QLibraryInfo

FOLDER = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.QmlImportsPath))
if not (FOLDER / "QtQuick" / "Controls").is_dir():
    raise ImportError(f"PyQt6 has no QtQuick.Controls in {FOLDER}")
