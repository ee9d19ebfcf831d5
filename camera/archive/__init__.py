"""Folders of any size in, a file with a row for each picture out, by all cores; who breaks it off can go on later."""
