"""`--source fake`: sheets of digits in a moving hand, drawn frame by frame."""
