"""A real pygame, with a window: each frame runs a `Pump`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from driven_host import OURS, answers

pytestmark = pytest.mark.skipif(find_spec("pygame") is None, reason="not installed: pygame")
PROGRAM = """
import pygame
from answer_in_host import asking, driver, nothing_is_left
from suggestions.toolkits import Pump

pump, shown = Pump(), [""]
pygame.init()
screen, clock = pygame.display.set_mode((400, 300)), pygame.time.Clock()
font = pygame.font.Font(None, 20)

def show(text):
    shown[0] = text

def leave():
    pygame.event.post(pygame.event.Event(pygame.QUIT))  # in mid-answer

step = driver(asking(pump, show), lambda: shown[0], leave)
while not pygame.event.get(pygame.QUIT):
    pump.run()
    screen.fill("white")
    screen.blit(font.render(shown[0], True, "black"), (0, 0))
    pygame.display.flip()
    step()
    clock.tick(60)
pump.close()
pygame.quit()
nothing_is_left()
"""


def test_each_frame_runs_the_pump(display: str | None, tmp_path: Path) -> None:
    if display is None:
        pytest.skip("no display: install xvfb")
    more = {"DISPLAY": display, "PYTHONPATH": OURS, "SDL_AUDIODRIVER": "dummy"}
    assert answers([sys.executable, "-c", PROGRAM], tmp_path, **more) == ["left: []"]
