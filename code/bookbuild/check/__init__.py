"""What is wrong with a book, and what Quarto would print wrongly without a word."""

from bookbuild.check import findings, silences

__all__ = ["findings", "silences"]
