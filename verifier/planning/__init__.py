"""Exams, committees, audits and stakes planned from what they must do.

Pure: same arguments, same plan. Each module names the source of its formula.
"""
