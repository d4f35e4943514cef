"""Puts the roles of a node in exams together, as its configuration says."""

from __future__ import annotations

from chain.deployment import Deployment
from chain.exam_messages import Book
from chain.keys import Signer
from verifier.node.artifacts import ArtifactSource
from verifier.node.court_view import CourtView
from verifier.node.delivery import Provider
from verifier.node.engine_book import EngineBook
from verifier.node.exams.book import BOOK, BookReader, ExamChain
from verifier.node.exams.candidate import Candidate
from verifier.node.exams.config import ExaminerConfig, SitMode, SittingConfig
from verifier.node.exams.desk import ExamDesk
from verifier.node.exams.doubts import Defence
from verifier.node.exams.errands import Errands, ExamTools
from verifier.node.exams.examiner import Examiner
from verifier.node.exams.gold import GoldMine
from verifier.node.exams.setter import Librarian, Setter
from verifier.node.exams.sheets import SheetBox
from verifier.node.exams.shelf import Shelf
from verifier.node.recipes import RecipeBook
from verifier.node.seat import Transactor
from verifier.node.statedir import StateDir
from verifier.node.store import Store
from verifier.node.tasks import TaskSource
from verifier.node.workers import Workers

__all__ = ["open_desk"]


def open_desk(
    sitting: SittingConfig,
    examiner: ExaminerConfig,
    *,
    agent_id: int,
    deployment: Deployment,
    chain: ExamChain,
    signer: Signer,
    sender: Transactor,
    store: Store,
    files: StateDir,
    recipes: RecipeBook,
    engines: EngineBook,
    backend_url: str | None,
    workers: Workers,
) -> ExamDesk | None:
    """The desk; None where the configuration asks for no exam, or the chain has no exam book."""
    if BOOK not in deployment.contracts:
        return None
    if sitting.sit is SitMode.OFF and examiner.tasks is None:
        return None
    book = Book(deployment.chain_id, deployment.address(BOOK))
    shelf = Shelf(files.exams)
    tools = ExamTools(
        agent_id=agent_id,
        seal_for=book,
        reader=BookReader(chain, int(deployment.contracts[BOOK].block)),
        shelf=shelf,
        files=files,
        recipes=recipes,
        engines=engines,
        signer=signer,
        sender=sender,
        generator=workers.generator,
    )
    errands, box = Errands(workers.sendings), SheetBox(backend_url, book)
    return ExamDesk(
        tools,
        errands,
        None if sitting.sit is SitMode.OFF else Candidate(sitting, tools, errands, box),
        None
        if examiner.tasks is None
        else _examiner(examiner, tools, errands, box, store, deployment, backend_url),
        frozenset(bytes(deployment.profile_id(name)) for name in sitting.profiles),
    )


def _examiner(
    config: ExaminerConfig,
    tools: ExamTools,
    errands: Errands,
    box: SheetBox,
    store: Store,
    deployment: Deployment,
    backend_url: str | None,
) -> Examiner:
    assert config.tasks is not None
    chain, court = tools.reader.chain, CourtView(tools.reader.chain)
    sources = TaskSource(backend_url), ArtifactSource(backend_url)
    mine = GoldMine(tools.agent_id, store, chain, court, *sources)
    librarian = Librarian(tools.reader, tools.shelf)
    setter = Setter(tools, librarian, store, mine, config.tasks, config.gold_share)
    provider = Provider(tools.agent_id, deployment.court, tools.signer, store, tools.files)
    defence = Defence(tools, errands, court, provider)
    return Examiner(config, tools, errands, box, setter, defence)
