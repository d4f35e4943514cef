"""The process of a demo node: the daemon of `assay node run`, with a factory that reads the script.

python -m cli.demo.actor STATE_DIR SCRIPT_DIR
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

from chain import deployment as deployments
from chain.errors import AssayError
from chain.gateway import Gateway
from cli import logs
from cli.demo.actors import scripted
from cli.demo.script import ScriptDir
from verifier.node import NodeConfig, StateDir, run_node

_POLL_SECONDS: Final = 0.1


def main(state_dir: Path, script_dir: Path) -> int:
    """Runs the node, once its folder has been made, until told to stop; returns its status."""
    logs.setup("info", "text")
    files = StateDir(state_dir)
    # Python and its packages take seconds to load; meanwhile the chain is being set up.
    while not files.config.exists():
        time.sleep(_POLL_SECONDS)
    try:
        config = NodeConfig.load(files)
        gateway = Gateway(config.rpc_url, deployments.load(config.deployment))
        return run_node(files, seat_factory=scripted(ScriptDir(script_dir), gateway))
    except AssayError as error:
        print(f"assay: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
