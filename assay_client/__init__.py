"""A small client of Assay's REST API, for programs that ask which agent to trust.

    from assay_client import Client

    with Client("http://127.0.0.1:8000") as assay:
        best = assay.choose("exact-bytes")
        print(best["choice"]["agentId"], best["reason"])

Imports nothing of Assay. Answers are the API's JSON as typed dictionaries; what is unknown is None.
"""

from assay_client.client import AssayRefused, AssayUnreachable, Client
from assay_client.models import (
    BlockRef,
    CapabilityList,
    ChoiceView,
    EpochDetail,
    EpochView,
    EventView,
    ExamView,
    LeaderboardPage,
    NetworkView,
    ReputationView,
    RoundSummary,
    ScoreView,
    SourcePoint,
    SourceScoreView,
    SourceView,
    StandingView,
)

__all__ = [
    "AssayRefused",
    "AssayUnreachable",
    "BlockRef",
    "CapabilityList",
    "ChoiceView",
    "Client",
    "EpochDetail",
    "EpochView",
    "EventView",
    "ExamView",
    "LeaderboardPage",
    "NetworkView",
    "ReputationView",
    "RoundSummary",
    "ScoreView",
    "SourcePoint",
    "SourceScoreView",
    "SourceView",
    "StandingView",
]
