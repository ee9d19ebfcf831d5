"""`POST /api/regions`: the fields that are drawn on the live picture, and how to keep them."""

import json
import shlex

from mnist_edge.camera.regions import Region, parse_regions, regions_to_text
from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.loop_state import LoopHandler
from mnist_edge.errors import UsageError
from mnist_edge.safe_text import to_json

MAX_REGIONS = 100


class SetRegions(LoopHandler):
    """Takes all regions as `--region` has them; answers with the option and the line of configuration for them."""

    method = "POST"
    max_body_bytes = 20_000
    # Which no form of another site can send.
    content_types = ("application/json",)

    async def _answer(self) -> None:
        self.loop.controls.regions = regions = self._sent()
        self.loop.state.notify()
        text = regions_to_text(regions)
        kept = {"option": f"--region {shlex.quote(text)}", "key": f"region = {to_json(text)}"}
        self.send_json({"regions": text} | (kept if regions else {"option": "", "key": ""}))

    def _sent(self) -> list[Region]:
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Refused(400, "the body is no JSON document") from None
        text = document.get("regions") if isinstance(document, dict) and document.keys() == {"regions"} else None
        if not isinstance(text, str):
            raise Refused(400, 'the body must be a JSON object such as {"regions": "meter=40,60,300,80:##"}')
        try:
            regions = parse_regions(text) if text else []
        except UsageError as error:
            raise Refused(422, str(error).removeprefix("--region ")) from None
        if len(regions) > MAX_REGIONS:
            raise Refused(422, f"{len(regions)} regions are more than {MAX_REGIONS}; leave some out")
        return regions
