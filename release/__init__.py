"""What stands between a commit and its release: `make release-check` and `make audit`."""
