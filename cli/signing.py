"""The key a command signs with: a keystore, or a well-known test key on a local chain."""

from __future__ import annotations

from chain.errors import ConfigError
from chain.keys import Signer, is_local, load_keystore, local_signer
from cli.settings import Settings


def signer_from(settings: Settings, chain_id: int, *, default_account: int | None = None) -> Signer:
    """The key that the settings name.

    Args:
        chain_id: of the chain it will sign for.
        default_account: the local account to use on a local chain if the settings name no key.

    Raises:
        ConfigError: no key, two keys, or one that cannot be used here.
    """
    if settings.keystore is not None:
        if settings.local_account is not None:
            raise ConfigError("Both a keystore and a local account are set: keep one of them.")
        if settings.keystore_password is None:
            raise ConfigError(
                f"The keystore {settings.keystore} needs its password: name the file that holds it "
                "with --keystore-password-file, or set ASSAY_KEYSTORE_PASSWORD."
            )
        return load_keystore(settings.keystore, settings.keystore_password)
    account = settings.local_account
    if account is None and is_local(chain_id):
        account = default_account
    if account is None:
        raise ConfigError("No key to sign with: give --keystore, or --local-account on a devnet.")
    return local_signer(account, chain_id)
