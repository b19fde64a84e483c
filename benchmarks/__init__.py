"""Benchmarks of the stream: `make bench`, or `python -m benchmarks --help`."""
