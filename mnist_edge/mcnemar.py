"""McNemar's exact test: whether one of two classifiers is better than the other, or by chance only."""


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """The exact two-sided p of McNemar's test.

    Where exactly one of two classifiers is right, each is equally likely to be that one if they are equally good; so
    the smaller count follows a binomial distribution with p = 1/2 (McNemar, "Note on the sampling error of the
    difference between correlated proportions or percentages", Psychometrika 12, 1947; Dietterich, "Approximate
    statistical tests for comparing supervised classification learning algorithms", Neural Computation 10, 1998).

    Args:
        only_first: Images that only the first classifier gets right.
        only_second: Images that only the second gets right.

    Returns:
        0 to 1; 1 where the two never differ.
    """
    discordant = only_first + only_second
    # Whole numbers to the end: no rounding, however many images there are.
    ways, tail = 1, 0
    for k in range(min(only_first, only_second) + 1):
        tail += ways
        ways = ways * (discordant - k) // (k + 1)
    return min(1.0, 2 * tail / (1 << discordant))
