"""Exams in a node: it sits those its agent needs, and holds those its agent is the examiner of.

    config      `SittingConfig`, `ExaminerConfig`: [exams] and [examiner] of node.toml
    book        `ExamView`, `BookReader`: an exam as the chain knows it
    shelf       SQLite: answers, drafts of items, and every item that was ever asked
    decide      the pure rules: what the chain says + what is stored → next act
    candidate   sits: answers, hands in sealed, opens, has fees given back
    setter      makes a section: tasks nobody was asked before, gold among them
    gold        tasks of finished rounds, asked anew under another seed
    examiner    holds: announces, posts, opens, collects sheets and has them graded, concludes
    doubts      answers doubts about its items before the court
    desk        `ExamDesk`: what the daemon calls at each look

As with seats, each step is on disk before anything follows from it, salts are derived from the key,
and the chain has the last word: whatever it holds already is never sent again.
"""
