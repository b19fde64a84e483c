"""What frames the parts of a message: quiet surfaces, buttons that unfold, rows of pictures."""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from functools import cache
from typing import Any

from ._binding import Binding, public
from ._text import plain_text
from ._writer import mixed_color

_RADIUS = 6
_GAP = 6


@cache
def column(binding: Binding) -> Any:
    core: Any = binding.core
    widgets: Any = binding.widgets
    short = widgets.QSizePolicy.Policy.Maximum

    class Column(widgets.QFrame):
        """Widgets one below the other, as high as they are at that width.

        Qt's own layouts ask for the height at widths that no widget gets, and a text would be laid
        out anew for each of them.

        - `heightFor(width)`: in pixels. Signal `heightChanged()`: it is another one now.
        """

        heightChanged = binding.signal()

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self._column: list[Any] = []
            self._margins = (0, 0, 0, 0)
            self._spacing = 0

        def setSpaces(self, margins: tuple[int, int, int, int], spacing: int) -> None:
            """`margins`: at the beginning of lines, above, at their end, and below."""
            self._margins, self._spacing = margins, spacing

        def addPart(self, part: Any, place: int | None = None) -> None:
            if part.parentWidget() is not self:
                part.setParent(self)
            self._column.insert(len(self._column) if place is None else place, part)
            if hasattr(part, "heightFor"):  # so that a text that comes later is laid out once
                part.resize(self._room(self.width()), part.height())
                part.heightFor(part.width())
            if hasattr(part, "heightChanged"):
                part.heightChanged.connect(self.refresh)
            part.show()
            self.refresh()

        def dropPart(self, part: Any) -> None:
            self._column.remove(part)
            part.hide()
            part.deleteLater()
            self.refresh()

        def setShown(self, part: Any, is_shown: bool) -> None:
            if part.isHidden() == is_shown:
                part.setVisible(is_shown)
                self.refresh()

        def tabStops(self) -> list[Any]:
            """What the key Tab reaches, from top to bottom."""
            stops: list[Any] = []
            for part in self._column:
                if isinstance(part, Column):
                    stops += part.tabStops()
                else:
                    inner = [part, *part.findChildren(widgets.QWidget)]
                    policy = core.Qt.FocusPolicy.TabFocus
                    stops += [each for each in inner if each.focusPolicy() & policy]
            return stops

        def isEmpty(self) -> bool:
            return all(part.isHidden() for part in self._column)

        def refresh(self) -> None:
            if self.isVisible():
                self._place(self.width(), moves=True)
                self.heightChanged.emit()

        def heightFor(self, width: int) -> int:
            return self._place(width)

        def resizeEvent(self, event: Any) -> None:
            super().resizeEvent(event)
            self._place(self.width(), moves=True)

        def changeEvent(self, event: Any) -> None:
            super().changeEvent(event)
            kinds = core.QEvent.Type
            if event.type() in (kinds.FontChange, kinds.StyleChange, kinds.LayoutDirectionChange):
                self.refresh()

        def _room(self, width: int) -> int:
            return max(1, width - self._margins[0] - self._margins[2])

        def _place(self, width: int, moves: bool = False) -> int:
            """Returns the height."""
            begin, y, _, below = self._margins
            room, spacing = self._room(width), 0
            for part in self._column:
                if part.isHidden():
                    continue
                y += spacing
                spacing = self._spacing
                if hasattr(part, "heightFor"):
                    own, height = room, part.heightFor(room)
                else:
                    size = part.sizeHint()
                    is_short = part.sizePolicy().horizontalPolicy() == short
                    own, height = min(room, size.width()) if is_short else room, size.height()
                if moves:
                    x = width - begin - own if self.isRightToLeft() else begin
                    part.setGeometry(x, y, own, height)
                y += height
            return y + below

    return public(Column)


@cache
def surface(binding: Binding) -> Any:
    gui: Any = binding.gui
    base: Any = column(binding)

    class Surface(base):
        """Has rounded corners. Its background is mixed from that of texts and another color."""

        def __init__(self, parent: Any = None, *, tint: str = "", share: float = 0.07) -> None:
            super().__init__(parent)
            self._tint, self._share = tint, share
            self.setSpaces((4, 2, 4, 2), 2)

        def paintEvent(self, event: Any) -> None:
            palette = self.palette()
            tint = gui.QColor(self._tint) if self._tint else palette.text().color()
            painter = gui.QPainter(self)
            painter.setRenderHint(painter.RenderHint.Antialiasing)
            painter.setPen(binding.core.Qt.PenStyle.NoPen)
            painter.setBrush(mixed_color(gui, tint, palette.base().color(), self._share))
            painter.drawRoundedRect(self.rect(), _RADIUS, _RADIUS)
            painter.end()
            super().paintEvent(event)

    return public(Surface)


@cache
def fold(binding: Binding) -> Any:
    core: Any = binding.core
    widgets: Any = binding.widgets
    base: Any = column(binding)

    class FoldButton(widgets.QToolButton):
        """An arrow and a line, which is cut if it is longer than the button."""

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self.setObjectName("foldButton")
            self.setAutoRaise(True)
            self.setCheckable(True)
            policy = widgets.QSizePolicy.Policy
            self.setSizePolicy(policy.Maximum, policy.Fixed)

        def setLine(self, line: str) -> None:
            self.setText(line.replace("&", "&&"))
            self.setAccessibleName(line)
            self.setToolTip(line)

        def sizeHint(self) -> Any:
            self.ensurePolished()
            metrics = self.fontMetrics()
            width = metrics.horizontalAdvance(self.accessibleName()) + metrics.height() + 18
            return core.QSize(width, metrics.height() + 8)

        def minimumSizeHint(self) -> Any:
            return core.QSize(40, self.sizeHint().height())

        def paintEvent(self, event: Any) -> None:
            """Qt's style would show it as pressed, and its arrow on the left in every language."""
            option = widgets.QStyleOptionToolButton()
            self.initStyleOption(option)
            option.state &= ~widgets.QStyle.StateFlag.State_On
            option.text, option.arrowType = "", core.Qt.ArrowType.NoArrow
            option.features &= ~option.ToolButtonFeature.Arrow
            painter = widgets.QStylePainter(self)
            painter.drawComplexControl(widgets.QStyle.ComplexControl.CC_ToolButton, option)
            side, is_rtl = self.fontMetrics().height(), self.isRightToLeft()
            if self.isCheckable():
                x = self.width() - side - 4 if is_rtl else 4
                option.rect = core.QRect(x + 2, (self.height() - side) // 2 + 2, side - 4, side - 4)
                painter.drawPrimitive(self._arrow(), option)
            room = self.rect().adjusted(4, 0, -side - 8, 0)
            if not is_rtl:
                room.translate(side + 4, 0)
            mode, flags = core.Qt.TextElideMode.ElideRight, core.Qt.AlignmentFlag
            line = self.fontMetrics().elidedText(self.accessibleName(), mode, room.width())
            side_of_text = flags.AlignRight if is_rtl else flags.AlignLeft
            place = side_of_text | flags.AlignAbsolute | flags.AlignVCenter
            painter.setPen(self.palette().text().color())
            painter.drawText(room, int(place), line)
            painter.end()

        def _arrow(self) -> Any:
            arrows = widgets.QStyle.PrimitiveElement
            if self.isChecked():
                return arrows.PE_IndicatorArrowDown
            if self.isRightToLeft():
                return arrows.PE_IndicatorArrowLeft
            return arrows.PE_IndicatorArrowRight

    class Fold(base):
        """A line, and a text that it unfolds."""

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self._text = ""
            self._body: Any = None
            self._indented: Any = None
            self.button = FoldButton(self)
            self.button.toggled.connect(self._on_toggled)
            self.addPart(self.button)

        def setLine(self, line: str) -> None:
            if line != self.button.accessibleName():
                self.button.setLine(line)
                self.refresh()

        def setText(self, text: str) -> None:
            self._text = text
            # A disabled button would be gray, and could not be reached to be read.
            self.button.setCheckable(bool(text))
            if self._body is not None:
                self._body.setText(text)

        def setUnfolded(self, is_unfolded: bool) -> None:
            self.button.setChecked(is_unfolded)

        def hasSelection(self) -> bool:
            return self._body is not None and bool(self._body.hasSelection())

        def _on_toggled(self, is_unfolded: bool) -> None:
            if is_unfolded and self._body is None:
                self._indented = column(binding)(self)
                self._indented.setSpaces((self.fontMetrics().height() + 4, 0, 0, 0), 0)
                self._body = plain_text(binding)(self._indented, is_muted=True)
                self._body.setObjectName("foldText")
                self._body.setAccessibleName(self.button.accessibleName())
                self._body.setText(self._text)
                self._indented.addPart(self._body)
                self.addPart(self._indented)
            if self._indented is not None:
                self.setShown(self._indented, is_unfolded)

    return public(Fold)


@cache
def flow(binding: Binding) -> Any:
    widgets: Any = binding.widgets

    class Flow(widgets.QWidget):
        """Widgets of a fixed size side by side, in as many rows as they need."""

        heightChanged = binding.signal()

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self._items: list[Any] = []

        def add(self, item: Any) -> None:
            item.setParent(self)
            self._items.append(item)
            item.show()
            self._place(self.width(), moves=True)
            self.heightChanged.emit()

        def remove(self, item: Any) -> None:
            self._items.remove(item)
            item.hide()
            item.deleteLater()
            self._place(self.width(), moves=True)
            self.heightChanged.emit()

        def heightFor(self, width: int) -> int:
            return self._place(width)

        def resizeEvent(self, event: Any) -> None:
            super().resizeEvent(event)
            self._place(self.width(), moves=True)

        def _place(self, width: int, moves: bool = False) -> int:
            """Returns the height."""
            x = y = row = 0
            for item in self._items:
                size = item.sizeHint()
                if x and x + size.width() > width:
                    x, y, row = 0, y + row + _GAP, 0
                if moves:
                    left = width - x - size.width() if self.isRightToLeft() else x
                    item.setGeometry(left, y, size.width(), size.height())
                x, row = x + size.width() + _GAP, max(row, size.height())
            return int(y + row)

    return public(Flow)
