"""Pages and videos that are made up, with the truth known: for tests, for choosing settings and for demonstrations."""
