from pathlib import Path

from mnist_edge.benchmarks.suite.section import Section


def test_a_section_is_the_same_in_both(tmp_path: Path) -> None:
    picture = tmp_path / "a-picture.png"
    picture.write_bytes(b"PNG")
    section = Section("A < B", "Text.", ("what", "why"), [("this", "1 > 0")], picture)
    assert (
        section.markdown()
        == "# A < B\n\nText.\n\n![A < B](a-picture.png)\n\n| what | why |\n| --- | --- |\n| this | 1 > 0 |\n"
    )
    html = section.html()
    assert "<h2>A &lt; B</h2>" in html and "<td>1 &gt; 0</td>" in html and 'base64,UE5H"' in html
