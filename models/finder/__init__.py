"""The finder: a small fully convolutional network that says where digits are."""
