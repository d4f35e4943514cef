"""Parts of the experiments on real outputs; each `scripts/experiment_*.py` is a command."""
