"""The book in a browser, always as its files are."""

from bookbuild.preview.following import preview

__all__ = ["preview"]
