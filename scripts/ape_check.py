"""Runs the deployment of scripts/ape_deploy.py on a chain of its own, and `assay deploy` after it.

python scripts/ape_check.py PATH_OF_APE
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chain import deployment  # noqa: E402
from chain.deploy import deploy  # noqa: E402
from chain.gateway import Gateway  # noqa: E402
from chain.keys import local_signer  # noqa: E402
from chain.parameters import preset  # noqa: E402
from cli.anvil import AnvilOptions, start_anvil  # noqa: E402
from cli.deploy import shipped_profiles  # noqa: E402


def main() -> int:
    """Exit code 0: ape's deployment is assay's."""
    ape = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "deployment.json"
        with start_anvil(Path(folder) / "anvil.log", AnvilOptions(block_time=0)) as anvil:
            command = [ape, "run", "ape_deploy", "--network", anvil.url, "--file", str(file)]
            subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - our own command
            made = deployment.load(file)
            gateway, signer = Gateway(anvil.url), local_signer(0, anvil.chain_id)
            made.check(gateway)
            sent = gateway.nonce(signer.address)
            profiles = shipped_profiles()
            done = deploy(gateway, signer, preset("local"), profiles, file)
            more = gateway.nonce(signer.address) - sent
            gateway.close()
    if done.contracts != made.contracts or more != len(profiles):
        print("ape_check: assay deploy did not find what ape deployed", file=sys.stderr)
        return 1
    print(f"ape_check: {len(made.contracts)} contracts deployed through ape")
    return 0


if __name__ == "__main__":
    sys.exit(main())
