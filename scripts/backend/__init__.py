"""Parts of `scripts/bench_backend.py`."""
