"""Files: written whole or not at all, locked, compared by digests, put in place in one step."""

from bookbuild.files.children import TookTooLong, end_all, finish, run, start
from bookbuild.files.digests import digest, digest_file, digest_folder
from bookbuild.files.locks import locked
from bookbuild.files.placing import only_render, put_in_place, staging
from bookbuild.files.reading import decode_utf8, is_file
from bookbuild.files.writes import (
    free_name, is_writable, keep, put_file, replace_file, write_file, writing)

__all__ = ["TookTooLong", "decode_utf8", "digest", "digest_file", "digest_folder", "end_all",
           "finish", "free_name", "is_file", "is_writable", "keep", "locked", "only_render",
           "put_file", "put_in_place", "replace_file", "run", "staging", "start", "write_file",
           "writing"]
