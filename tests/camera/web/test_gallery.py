"""Snapshots and recordings on the page, and pictures of one's own: over HTTP, and in a real browser."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.sinks import encoders
from mnist_edge.camera.sinks.recordings import recorded_at
from mnist_edge.camera.sinks.snapshots import snapshots_in
from mnist_edge.camera.sinks.video_file import VideoFile
from mnist_edge.camera.web import Gallery
from mnist_edge.opencv import cv2
from tests.helpers import wait_until

SNAPSHOT, OLDER = "2026-11-28T10-00-00.000Z", "2026-11-28T09-00-00.000Z"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two snapshots, a recording of two seconds, and files that are nobody's business."""
    snapshots, videos = tmp_path / "snapshots", tmp_path / "recordings"
    snapshots.mkdir()
    page = np.full((240, 320, 3), 255, np.uint8)
    for stamp in (SNAPSHOT, OLDER):
        cv2.imwrite(str(snapshots / f"{stamp}.jpg"), page)
        cv2.imwrite(str(snapshots / f"{stamp}.raw.png"), page)
    for name in ("secret.txt", "holiday.jpg", ".hidden"):
        (snapshots / name).write_text("private")
    (tmp_path / "outside.jpg").write_text("private")
    (snapshots / "2026-11-28T08-00-00.000Z.jpg").symlink_to(tmp_path / "outside.jpg")
    videos.mkdir()
    video = VideoFile(videos / f"{SNAPSHOT}{encoders.usual_suffix()}", 25.0, (320, 240))
    for number in range(50):
        video.show(np.full_like(page, 4 * number), number / 25)
    video.close()
    return tmp_path


@pytest.fixture
def gallery(folder: Path) -> Gallery:
    return Gallery(partial(snapshots_in, folder / "snapshots"), partial(recorded_at, folder / "recordings"))


def test_the_list_is_newest_first_and_holds_only_what_was_made(serve: Any, gallery: Gallery) -> None:
    served = serve(gallery=gallery)
    listed = served.ask("/api/gallery").document
    names = [item["name"] for item in listed["items"]]
    assert sorted(names)[:2] == [f"{OLDER}.jpg", f"{SNAPSHOT}.jpg"] and len(names) == 3
    assert [item["time"] for item in listed["items"]] == sorted(
        (item["time"] for item in listed["items"]), reverse=True
    )
    assert listed["left_out"] == 0
    for item in listed["items"]:
        whole = served.ask(item["url"])
        assert (whole.status, len(whole.body)) == (200, item["bytes"])
        small = cv2.imdecode(np.frombuffer(served.ask(item["thumbnail"]).body, np.uint8), cv2.IMREAD_COLOR)
        assert small.shape == (240, 320, 3)
        assert (item["original"] is None) == (item["kind"] == "recordings")
    assert (
        served.ask(listed["items"][names.index(f"{SNAPSHOT}.jpg")]["original"]).headers["Content-Type"] == "image/png"
    )


def test_a_listing_is_bounded(serve: Any, tmp_path: Path) -> None:
    for number in range(230):
        (tmp_path / f"2026-11-28T10-00-00.{number:03d}Z.jpg").touch()
    listed = serve(gallery=Gallery(snapshots=partial(snapshots_in, tmp_path))).ask("/api/gallery").document
    assert (len(listed["items"]), listed["left_out"]) == (200, 30)


@pytest.mark.parametrize(
    "path",
    [
        "/files/snapshots/secret.txt",
        "/files/snapshots/holiday.jpg",
        "/files/snapshots/.hidden",
        "/files/snapshots/..%2foutside.jpg",
        "/files/snapshots/%2e%2e%2foutside.jpg",
        "/files/snapshots/../outside.jpg",
        "/files/snapshots/2026-11-28T08-00-00.000Z.jpg",
        "/files/snapshots/%2fetc%2fpasswd",
        "/files/others/x",
        "/thumbnails/snapshots/holiday.jpg",
    ],
)
def test_nothing_else_can_be_had(serve: Any, gallery: Gallery, path: str) -> None:
    assert serve(gallery=gallery).ask(path).status == 404


def test_files_ask_for_the_token_too(serve: Any, gallery: Gallery) -> None:
    served = serve(token="sesame", gallery=gallery)
    for path in ("/api/gallery", f"/files/snapshots/{SNAPSHOT}.jpg", f"/thumbnails/snapshots/{SNAPSHOT}.jpg"):
        assert served.ask(path).status == 401
        assert served.ask(f"{path}?token=sesame").status == 200


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=5-", 5, None), ("bytes=-7", -7, None), ("bytes=2-9", 2, 10)],
)
def test_a_part_can_be_had(serve: Any, gallery: Gallery, asked: str, start: int, stop: int | None) -> None:
    served, path = serve(gallery=gallery), gallery.files("recordings")[0]
    answer = served.ask(f"/files/recordings/{path.name}", Range=asked)
    whole = path.read_bytes()
    assert (answer.status, answer.body) == (206, whole[start:stop])
    first = start % len(whole)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(answer.body) - 1}/{len(whole)}"


def test_a_part_that_is_not_there_is_refused(serve: Any, gallery: Gallery) -> None:
    path = gallery.files("recordings")[0]
    answer = serve(gallery=gallery).ask(f"/files/recordings/{path.name}", Range="bytes=99999999-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{path.stat().st_size}")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_recording_plays_in_the_gallery_and_can_be_downloaded(
    serve: Any, view: Any, gallery: Gallery, tab: Any, tmp_path: Path, width: int
) -> None:
    if not encoders.has_pyav():
        pytest.skip("PyAV is not installed, so recordings are not for browsers")
    served = serve(gallery=gallery)
    served.web.show(view())
    tab.open(served.web.url, width, 800)
    wait_until(lambda: tab.text("#state") == "live")
    tab.press("g")
    wait_until(lambda: tab.run("[...document.querySelectorAll('#items img')].filter(e => e.naturalWidth).length") == 3)
    video = "document.querySelector('video')"
    tab.run("[...document.querySelectorAll('#items button')].find(e => e.textContent.includes('Video')).click()")
    wait_until(lambda: tab.run(f"{video}?.readyState >= 2"), "it can be played")
    assert tab.run(f"[{video}.videoWidth, {video}.videoHeight]") == [320, 240]
    assert tab.run(f"{video}.duration") == pytest.approx(2, abs=0.1)
    tab.run(f"{video}.pause(); {video}.currentTime = 1.5")
    wait_until(lambda: tab.run(f"!{video}.seeking && {video}.readyState >= 2"))
    level = f"""(() => {{ const pen = document.createElement("canvas").getContext("2d");
        pen.drawImage({video}, 0, 0, 4, 4); return pen.getImageData(1, 1, 1, 1).data[0]; }})()"""
    assert tab.run(level) == pytest.approx(4 * 37.5, abs=12)
    tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path / "down"))
    tab.click("#links a")
    path = gallery.files("recordings")[0]
    wait_until(lambda: (tmp_path / "down" / path.name).exists(), "the download")
    assert (tmp_path / "down" / path.name).read_bytes() == path.read_bytes()
    tab.click("#back")
    assert not tab.run(video)
    assert tab.complaints == []


def test_what_a_browser_cannot_play_is_said(serve: Any, view: Any, tab: Any, tmp_path: Path, write_video: Any) -> None:
    write_video(tmp_path / "clip.avi", [np.zeros((120, 160, 3), np.uint8)] * 5)
    served = serve(gallery=Gallery(recordings=partial(recorded_at, tmp_path / "clip.avi")))
    served.web.show(view())
    tab.open(served.web.url)
    wait_until(lambda: tab.text("#state") == "live")
    tab.click("#open-gallery")
    wait_until(lambda: tab.run("document.querySelectorAll('#items button').length") == 1)
    tab.click("#items button")
    wait_until(lambda: "cannot play this video" in tab.text("#media"))
    assert tab.run("document.querySelector('#links a').download") == "clip.avi"


DROP = """(async () => {{
    const canvas = Object.assign(document.createElement("canvas"), {{ width: {width}, height: {height} }});
    canvas.getContext("2d").fillRect(0, 0, 10, 10);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg"));
    const carried = new DataTransfer();
    carried.items.add(new File([{content}], "page.jpg", {{ type: "image/jpeg" }}));
    document.body.dispatchEvent(new DragEvent("drop", {{ dataTransfer: carried, bubbles: true, cancelable: true }}));
}})()"""


def test_a_picture_that_is_dropped_is_read(serve: Any, view: Any, tab: Any, tmp_path: Path) -> None:
    served = serve()
    served.web.show(view())
    tab.open(served.web.url, 390, 844)
    wait_until(lambda: tab.text("#state") == "live")
    tab.run(DROP.format(width=200, height=100, content="blob"))
    wait_until(lambda: tab.text("#read-state") == "page.jpg: 1 digit")
    assert tab.text("#read-text") == "4"
    assert served.read[0].shape == (100, 200, 3)
    assert tab.run("document.querySelector('#read-picture').width") == 200
    # Of more pixels than a phone needs: smaller, and still in proportion.
    tab.run(DROP.format(width=8000, height=6000, content="blob"))
    wait_until(lambda: len(served.read) == 2)
    assert served.read[1].shape == (3000, 4000, 3)
    wait_until(lambda: tab.text("#read-text") == "4")
    tab.run(DROP.format(width=1, height=1, content="'no picture'"))
    wait_until(lambda: "page.jpg was not read: the body" in tab.text("#read-state"))
    assert tab.run("document.querySelector('#read-picture').hidden")
    # By the button.
    (tmp_path / "mine.png").write_bytes(cv2.imencode(".png", np.zeros((30, 40, 3), np.uint8))[1].tobytes())
    document = tab.call("DOM.getDocument")["root"]["nodeId"]
    node = tab.call("DOM.querySelector", nodeId=document, selector="#file")["nodeId"]
    tab.call("DOM.setFileInputFiles", nodeId=node, files=[str(tmp_path / "mine.png")])
    wait_until(lambda: tab.text("#read-state") == "mine.png: 1 digit")
