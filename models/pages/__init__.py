"""Generated photographs of handwritten pages, with the truth known: to train on, to choose by, and for tests."""
