"""Sinks that keep what the loop gives them."""

from collections.abc import Sequence

from mnist_edge.camera.events import Event
from mnist_edge.camera.view import View


class Events:
    def __init__(self) -> None:
        self.seen: list[Event] = []

    def write(self, events: Sequence[Event]) -> None:
        self.seen += events

    def named(self, kind: str) -> list[Event]:
        return [event for event in self.seen if event.event == kind]


class Views:
    def __init__(self) -> None:
        self.seen: list[View] = []

    def show(self, view: View) -> None:
        self.seen.append(view)
