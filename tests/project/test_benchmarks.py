"""The benchmarks run. What they measure is for `make bench`: no time is asserted here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def _run(workload: str) -> str:
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--smoke", workload],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_the_benchmark_of_a_flood_runs() -> None:
    assert "suggestions to raw socket + json" in _run("flood")


def test_the_benchmark_of_stages_runs() -> None:
    assert "without a handler: `chunk` and `suggestion`, each" in _run("stages")


def test_the_benchmark_of_sources_on_a_loop_runs() -> None:
    table = _run("loop")

    assert "CPU: suggestions to epoll + json" in table
    assert "threads of suggestions" in table


def test_the_benchmark_of_a_relay_under_load_runs_and_all_answers_are_whole() -> None:
    pytest.importorskip("uvicorn")

    table = _run("relay-load")

    assert "lag p99, suggestions" in table
    assert "answers that are not whole" in table
    assert "NOT WHOLE" not in table


def test_the_benchmark_of_telemetry_runs() -> None:
    pytest.importorskip("opentelemetry.sdk")

    assert "on, without an SDK" in _run("telemetry")


def test_the_benchmark_of_stores_runs_and_all_answers_are_whole() -> None:
    pytest.importorskip("uvicorn")

    table = _run("stores")

    assert "CPU: memory to no store" in table
    [torn] = [line for line in table.splitlines() if "answers that are not whole" in line]
    assert torn.rstrip().endswith("met")


def test_the_benchmark_of_views_runs() -> None:
    pytest.importorskip("PyQt6")

    table = _run("views")

    assert "mixed: share of MarkdownView to that of setMarkdown of all" in table
    assert "endless paragraph: longest gap" in table


def test_the_benchmark_of_the_chat_panel_runs() -> None:
    pytest.importorskip("PyQt6")

    table = _run("chat-panel")

    assert "1,000 messages: open" in table
    assert "endless list: longest gap" in table


def test_the_benchmark_of_views_in_tk_runs() -> None:
    pytest.importorskip("tkinter")

    table = _run("views-tk")

    assert "mixed: share of the time that the view adds" in table
    assert "endless paragraph: longest gap" in table


def test_the_benchmark_of_views_in_textual_runs() -> None:
    pytest.importorskip("textual")

    table = _run("views-textual")

    assert "longest gap" in table
