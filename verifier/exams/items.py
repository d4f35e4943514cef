"""The tasks of a section: JSON of schema `assay/exam-items/1` behind a `data:` URI, and their tree.

    {"schema": "assay/exam-items/1", "tasks": [<assay/task/1>, …]}

The tree's leaves are keccak256(keccak256(abi.encode(index, hash))), as `ExamBook` checks them; its
root is posted with the section, so nobody can have another task answered than was posted.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from chain.exam_messages import item_leaf
from verifier.canonical import canonical_json, parse_object, require_fields
from verifier.errors import ExamError
from verifier.reliability.merkle import Tree
from verifier.tasks import DATA_URI, MAX_TASK_BYTES, Task

__all__ = ["SCHEMA", "pack", "proof", "root", "unpack"]

SCHEMA: Final = "assay/exam-items/1"
MAX_ITEMS: Final = 255
MAX_BYTES: Final = MAX_ITEMS * MAX_TASK_BYTES


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over the items' hashes (32 bytes each), in their order."""
    return _tree(hashes).root


def proof(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The siblings of item `index` up to the root."""
    return _tree(hashes).proof(item_leaf(index, hashes[index]))


def pack(tasks: Sequence[Task]) -> str:
    """The itemsURI that carries the tasks themselves."""
    if len({task.hash() for task in tasks}) != len(tasks):
        raise ExamError("Two items of the section are the same task; each is asked once.")
    value = {"schema": SCHEMA, "tasks": [task.as_json() for task in tasks]}
    return DATA_URI + base64.b64encode(canonical_json(value, ExamError)).decode("ascii")


def unpack(uri: str, expected_root: bytes, count: int) -> tuple[Task, ...]:
    """The `count` tasks of a section.

    Raises:
        ExamError: they are not those whose root was posted.
    """
    if not uri.startswith(DATA_URI) or len(uri) > 2 * MAX_BYTES:
        raise ExamError(
            "The section's items are not in its URI: ask the examiner for tasks that are."
        )
    try:
        data = base64.b64decode(uri[len(DATA_URI) :].encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ExamError("The section's items are not valid base64.") from None
    value = parse_object(data, "section", MAX_BYTES, ExamError)
    require_fields(value, "section", ("schema", "tasks"), ExamError)
    if value["schema"] != SCHEMA or not isinstance(value["tasks"], list):
        raise ExamError(f"The section's items are not of schema {SCHEMA!r}.")
    tasks = tuple(Task.from_json(canonical_json(each, ExamError)) for each in value["tasks"])
    if len(tasks) != count:
        raise ExamError(f"The section has {len(tasks)} items, and the exam's terms say {count}.")
    if root([task.hash() for task in tasks]) != expected_root:
        raise ExamError("The section's items are not those whose root was posted.")
    return tasks


def _tree(hashes: Sequence[bytes]) -> Tree:
    if not hashes:
        raise ExamError("A section needs at least one item.")
    return Tree([item_leaf(index, value) for index, value in enumerate(hashes)])
