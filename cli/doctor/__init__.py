"""`assay check environment`: what an operator's machine, nodes and files are good for."""

from cli.doctor.examine import CHECKS, Finding, Result, examine
from cli.doctor.patient import Patient

__all__ = ["CHECKS", "Finding", "Patient", "Result", "examine"]
