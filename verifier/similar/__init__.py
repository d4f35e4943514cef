"""Look-alike search over past outputs: which of so many texts or digests are like this one?

    digests.DigestIndex      256-bit digests in memory: exact, by bands or by scanning all
    banded.BandedDigests     the same bands in datasketch's storage: memory or Redis
    texts.TextIndex          texts over datasketch's MinHashLSH: memory or Redis
    texts.TextForest         texts over datasketch's MinHashLSHForest: the k most alike
    texts.most_alike         the same by comparing with every sketch: the truth the others are near
    indexfile                an index as one file; items: folders and lines of what is to be found

Sketches and search digests are unkeyed, or keyed with what everybody knows: whoever wants to can
make two outputs that look alike here. So they find and never decide: no vote rests on them.

Texts need the extra `search` (datasketch, redis); digests in memory need NumPy only.
`docs/similar.md` says what is measured and when to use which.
"""
