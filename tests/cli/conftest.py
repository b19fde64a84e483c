"""Without a pseudo terminal, as on Windows, the tests that need one are not collected."""

from importlib.util import find_spec

_NEED_TERMINAL = ["test_chat_terminal.py", "test_cli.py", "test_demo.py", "test_terminal.py"]
collect_ignore = [] if find_spec("termios") else _NEED_TERMINAL


def pytest_report_header() -> list[str]:
    return [f"no pseudo terminal, so without: {name}" for name in collect_ignore]
