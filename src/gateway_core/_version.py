"""The version, in one place, importable without the rest of the package."""

VERSION = "0.1.0"
