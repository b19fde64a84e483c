"""Jupyter: cells of a real kernel."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from host import HERE, program

EXAMPLE = HERE.parent.parent / "examples" / "jupyter.ipynb"
SETUP = """
    import sys, threading, time
    from service import Notes, Service
    from suggestions.toolkits import aio
    service, notes = Service(200, pace=0.005), Notes()
"""


def execute(*cells: str, path: Path | None = None) -> Any:
    """Runs the cells, and then a notebook's, in a kernel; returns them with their outputs."""
    import warnings

    import nbformat
    from nbclient import NotebookClient

    notebook: Any = nbformat.read(path, as_version=4) if path else nbformat.v4.new_notebook()
    notebook.cells[:0] = [nbformat.v4.new_code_cell(textwrap.dedent(cell)) for cell in cells]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the kernel's own sockets
        NotebookClient(
            notebook,
            timeout=60,
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],  # it warns of its own connection
            # A kernel that is asked to shut down closes its sockets while a thread of its own may
            # still be writing what it got (ipykernel 7.4: IOPubThread.stop closes the pipe that
            # the control thread sends on), and ZeroMQ aborts it, now and then.
            shutdown_kernel="immediate",
        ).execute()
    return notebook


def printed(cell: Any) -> str:
    assert [output.get("name") for output in cell.outputs if output.get("name") == "stderr"] == []
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


@program("nbclient", "ipykernel", display=False, within=90)
def test_handlers_run_on_the_kernels_loop_while_a_cell_awaits() -> None:
    notebook = execute(
        SETUP,
        """
        source = service.ask(aio(), throttle=1 / 30, on=notes.on())
        assert threading.current_thread() is threading.main_thread()
        source.result(30)  # blocks the loop
        time.sleep(0.3)
        assert notes.names == []
        try:
            source.wait()
        except RuntimeError as error:
            print(error)
        """,
        """
        assert await source == service.text
        assert notes.ended
        notes.check(service.text, throttle=1 / 30)
        print("all of it")
        """,
    )
    assert "would block the thread" in printed(notebook.cells[1])
    assert printed(notebook.cells[2]) == "all of it\n"


@program("nbclient", "ipykernel", display=False, within=90)
def test_without_a_dispatcher_handlers_run_though_the_cell_blocks() -> None:
    notebook = execute(
        SETUP,
        """
        source = service.ask(None, on=notes.on())
        assert source.wait(30)
        assert "".join(notes.chunks) == service.text == notes.suggestions[-1]
        print(len(notes.threads))
        """,
    )
    assert printed(notebook.cells[1]) == "1\n"


@program("nbclient", "ipykernel", display=False, within=90)
def test_an_output_is_updated_in_place() -> None:
    notebook = execute(
        SETUP,
        """
        from IPython.display import Markdown, display
        shown, updates = display(Markdown(""), display_id=True), []
        service = Service(200, held_at=100)
        def show(source, event):
            updates.append(event.detail)
            shown.update(Markdown(event.detail))
            service.go_on.set()
        source = service.ask(aio(), throttle=1 / 30, on={"suggestion": show})
        assert await source == service.text
        """,
        """
        assert updates[-1] == service.text and updates[0] != updates[-1], updates
        """,
    )
    (output,) = notebook.cells[1].outputs  # one, however often it was updated
    assert output.data["text/markdown"] == "".join(f"{n} " for n in range(200))


@program("nbclient", "ipykernel", display=False, within=90)
def test_a_kernel_that_ends_in_mid_stream() -> None:
    from jupyter_client.manager import start_new_kernel

    kernel, client = start_new_kernel(extra_arguments=["--log-level=ERROR"])
    process = kernel.provisioner.process
    cells = """
        from service import Notes, Service; from suggestions.toolkits import aio
        import asyncio
        notes = Notes()
        source = Service(100_000).ask(aio(), on=notes.on())
        while not notes.chunks:
            await asyncio.sleep(0.01)
        exit()
    """
    assert client.execute_interactive(textwrap.dedent(cells))["content"]["status"] == "ok"
    assert process.wait(30) == 0
    client.stop_channels()
    kernel.cleanup_resources()


@program("nbclient", "ipykernel", "flask", display=False, within=90)
def test_the_example() -> None:
    cells = execute(path=EXAMPLE).cells
    output, state = cells[3].outputs
    assert state.data["text/plain"] == "'done'"
    assert output.data["text/html"].startswith("<p><strong>Argentina</strong> won the 2022 FIFA")
    assert output.data["text/html"].endswith("after 1978 and 1986.</p>\n")
    for cell in (cells[5], cells[7]):
        assert printed(cell).startswith("Small words cross the wire,")
