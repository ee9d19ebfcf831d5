"""Folders of any size in, a file with a row for each picture out, by all cores; who breaks it off can go on later."""

from mnist_edge.camera.archive.read_archive import Summary, read_archive

__all__ = ["Summary", "read_archive"]
