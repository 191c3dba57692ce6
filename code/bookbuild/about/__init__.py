"""What the book tells of its own code: the reference of deepmath, and the map of the rooms.

The appendices import this room, under either press. It uses no other room and none uses it.
"""

from bookbuild.about import house, reference

__all__ = ["house", "reference"]
