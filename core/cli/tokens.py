"""`tokens`: which programs may use the API."""

from dataclasses import asdict

import click

from core.access import ENVIRONMENT, create_token, revoke_token
from core.access import tokens as created_tokens
from core.cli.output import as_json, print_json
from core.config import environment


@click.group()
def tokens() -> None:
    """List, create or revoke the tokens of the API.

    As soon as there is a token, or people have to sign in, the API answers only to programs that send one:
    Authorization: Bearer TOKEN.
    """


@tokens.command("list")
@as_json
def list_command(as_json: bool) -> None:
    """List the clients that have or had a token."""
    entries = created_tokens()
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    for entry in entries:
        state = f"revoked {entry.revoked}" if entry.revoked else "valid"
        print(f"{entry.name}  created {entry.created}  {state}")
    if environment.TOKEN.value():
        print(f"{ENVIRONMENT} is set: its token is valid, too.")
    elif not entries:
        print("There is no token. Create one: python -m core tokens create NAME")


@tokens.command()
@click.argument("name")
@as_json
def create(name: str, as_json: bool) -> None:
    """Create a token for the client NAME.

    It is printed once; only its digest is stored.
    """
    token = create_token(name)
    if as_json:
        print_json({"name": name, "token": token})
        return
    print(token)
    click.echo("Keep it: it cannot be shown again.", err=True)


@tokens.command()
@click.argument("name")
@as_json
def revoke(name: str, as_json: bool) -> None:
    """Refuse the token of the client NAME from now on."""
    revoked = revoke_token(name)
    if as_json:
        print_json(asdict(revoked))
        return
    print(f"The token of {revoked.name} is refused from now on.")
