"""Rows as a study writes them."""


def study_rows(scores, *, column="mean", **facts):
    """One row a score of {(init, fraction): [scores by seed]}; 100 images at full share."""
    return [
        {
            "init": init,
            "fraction": f"{fraction:g}",
            "seed": str(seed),
            "settings": f"{init}{fraction}{seed}",
            "images": f"{100 * fraction:g}",
            column: str(score),
            **facts,
        }
        for (init, fraction), values in scores.items()
        for seed, score in enumerate(values)
    ]
