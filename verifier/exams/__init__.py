"""Exams, off chain: what examiners and candidates make, commit to and open.

Pure, so that anybody checks an exam again from what the chain and the published tasks say.

    items.py     the tasks of a section as they are published, and their tree
    marking.py   how many answers are right, counted as `ExamBook` does
    papers.py    keys and sheets kept in files before they are committed to
    answers.py   tasks done by an engine, and digested under the exam's key
"""
