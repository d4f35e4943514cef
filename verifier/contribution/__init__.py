"""What each source contributed to an answer: Shapley values of the answer's quality.

Pure and in integers (nano: 10^9 is a quality of 1), so that whoever recomputes a contribution gets
it to the last digit.

    game.py         an answer's quality as a function of which sources it may use, each subset once
    shapley.py      exact values, and sampled ones with their standard error
    quality.py      what quality means: agreement with a reference or a committee, similarity
    attribution.py  from the documents of an answer to a contribution per source
    outliers.py     which contributions stand apart from the rest
"""
