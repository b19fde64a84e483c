"""What is checked between a commit and its release: `make release-check` and `make audit`."""
