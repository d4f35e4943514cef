"""The dashboard at `/`: static pages that ask this server's own API, and nobody else."""
