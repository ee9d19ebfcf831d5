from mnist_edge.benchmarks.suite.answers import answer


class Bench:
    def double(self, number: int) -> dict[str, int]:
        return {"doubled": 2 * number}

    def secret(self) -> dict[str, int]:
        raise AssertionError("it was not to be asked for")


def test_what_goes_wrong_is_an_answer() -> None:
    acts = ("double",)
    assert answer(Bench(), acts, {"do": "double", "number": 3}) == {"doubled": 6}
    assert "number" in answer(Bench(), acts, {"do": "double"})["error"]
    assert "error" in answer(Bench(), acts, {"do": "secret"})
