"""The suite: models in every precision and in every engine that a user might pick, in turns, in one run."""
