"""From a trained Keras model to `.tflite` in every precision, and the proof that it kept its accuracy."""
