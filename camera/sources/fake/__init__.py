"""`--source fake`: sheets of digits in a moving hand, made up as they are asked for."""
