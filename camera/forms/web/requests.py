"""What a page of forms sends: JSON objects with known keys."""

import json
from typing import Any, ClassVar

from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.handler import Handler


class JsonPost(Handler):
    """A handler of a JSON object.

    Attributes:
        keys: The object's keys with the types of their values; all must be there.
    """

    method = "POST"
    max_body_bytes = 10_000
    # Which no form of another site can send.
    content_types = ("application/json",)
    keys: ClassVar[dict[str, tuple[type, ...]]]

    def sent(self) -> dict[str, Any]:
        """Return the object, or raise `Refused`."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Refused(400, "the body is no JSON document") from None
        if not isinstance(document, dict) or document.keys() != self.keys.keys():
            raise Refused(400, f"the body must be a JSON object of {', '.join(self.keys)}")
        for key, kinds in self.keys.items():
            # A truth value is a whole number to Python.
            if type(document[key]) not in kinds:
                raise Refused(400, f"{key} must be {' or '.join(kind.__name__ for kind in kinds)}")
        return document
