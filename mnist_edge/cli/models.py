"""`mnist-edge models`."""

import typer

app = typer.Typer(rich_markup_mode=None, help="The models that ship: list, show a card, copy.")


@app.callback(invoke_without_command=True)
def command(context: typer.Context) -> None:
    """The models that ship: list, show a card, copy."""
