"""`POST /api/controls`: what a page or program asks to change, checked before anything is changed."""

import asyncio
import time

from mnist_edge.camera.control_requests import controls_of, parse_request
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.loop_state import LoopHandler
from mnist_edge.errors import OutputError, UsageError

MAX_CONTROLS_BYTES = 10_000
# How long the response may wait for the collector, and for the recorder, which is asked now and then.
CORRECTION_SECONDS = 5.0
RECORDING_SECONDS, POLL_SECONDS = 1.0, 0.02


class SetControls(LoopHandler):
    """`POST /api/controls`: changes what is asked for, and notifies all clients."""

    method = "POST"
    max_body_bytes = MAX_CONTROLS_BYTES
    # Which no form of another site can send.
    content_types = ("application/json",)

    async def _answer(self) -> None:
        controls, answer = self.loop.controls, {}
        try:
            request = parse_request(self.body, len(controls.classes))
        except UsageError as error:
            raise Refused(400, str(error)) from None
        if self.loop.state.view is None and request.keys() & {"snapshot", "correct"}:
            raise Refused(503, "there is no picture yet")
        if correction := request.pop("correct", None):
            answer = {"corrected": await _correct(**correction, controls=controls)}
        for name, value in request.items():
            setattr(controls, name, value)
        self.loop.state.notify()
        if request.get("recording"):
            await _begin_recording(controls)
        self.send_json(controls_of(controls) | answer)


async def _begin_recording(controls: Controls) -> None:
    """Wait until the recording has begun; without frames, as in a pause, it begins with the next one."""
    deadline = time.monotonic() + RECORDING_SECONDS
    while controls.recording and controls.video is None and time.monotonic() < deadline:
        await asyncio.sleep(POLL_SECONDS)
    if not controls.recording:
        raise Refused(507, controls.message)


async def _correct(track: int, label: int, controls: Controls) -> str:
    """Have a digit's label corrected, and return what became of the correction."""
    try:
        answer = asyncio.wrap_future(controls.correct(track, label).answer)
        return await asyncio.wait_for(answer, CORRECTION_SECONDS)
    except UsageError as error:
        raise Refused(409, str(error)) from None
    except LookupError as error:
        raise Refused(404, str(error)) from None
    except OutputError as error:
        raise Refused(507, str(error)) from None
    except asyncio.TimeoutError:
        raise Refused(503, f"not kept within {CORRECTION_SECONDS:g} s, the disk may be slow; try again") from None
