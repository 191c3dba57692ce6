"""Reading text files: UTF-8, or told with the line."""

from pathlib import Path

from bookbuild.say import BookError, Problem


def is_file(path: Path) -> bool:
    """Is there a file of this name, which may be none that a system takes?"""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def decode_utf8(content: bytes, path: str | Path) -> str:
    """The text of a file, to the byte: a mark at its beginning stays.

    Raises
    ------
    BookError
        For other bytes than UTF-8, with the line of the first.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BookError([Problem(path, line, "not UTF-8 text: save it as UTF-8")]) from None
