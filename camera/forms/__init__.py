"""Photographs of a filled form in, a table of its values out, each with the probability that it is right."""

from mnist_edge.camera.forms.form import Field, Form, load_form
from mnist_edge.camera.forms.read_page import FormReader, PageReading
from mnist_edge.camera.forms.values import MIN_TRUST, FieldReading

__all__ = ["MIN_TRUST", "Field", "FieldReading", "Form", "FormReader", "PageReading", "load_form"]
