"""Commands for the artist's material: the library and what a person thinks of it, and the machine's voice beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from somatone.cli.frame import SeedOption, app

library_app = typer.Typer(no_args_is_help=True, help="Recordings, cut into gestures, and which of them may be played.")
voice_app = typer.Typer(no_args_is_help=True, help="The machine's voice: a trained model beside the human choice.")
app.add_typer(library_app, name="library")
app.add_typer(voice_app, name="voice")

LibraryOption = Annotated[
    str, typer.Option("--library", help="A library by name, or the folder that was scanned; without it the only one.")
]
NovelOption = Annotated[bool, typer.Option("--novel", help="The most unusual first.")]
TagOption = Annotated[str, typer.Option("--tag", help="Only those with this tag.")]
UnjudgedOption = Annotated[bool, typer.Option("--unjudged", help="Only those that nobody has judged yet.")]
Numbers = Annotated[list[int], typer.Argument(help="Numbers of gestures, as `library list` shows them.")]
Model = Annotated[Path, typer.Argument(help="A model, as RAVE and nn~ export it (TorchScript).")]


@library_app.command("scan")
def library_scan(
    folder: Annotated[Path, typer.Argument(help="Folder with WAV, FLAC or AIFF recordings.")],
    name: Annotated[str | None, typer.Option("--name", help="The library's name; without it the folder's.")] = None,
) -> None:
    """Cut recordings into gestures and measure them. Can be stopped at any time, and goes on where it was."""
    from somatone.commands.library import scan_command  # noqa: PLC0415

    scan_command(folder, name)


@library_app.command("listen")
def library_listen(
    library: LibraryOption = "", novel: NovelOption = False, tag: TagOption = "", unjudged: UnjudgedOption = False
) -> None:
    """Hear gestures one by one, and keep, discard or tag them with a key."""
    from somatone.commands.library_listen import listen_command  # noqa: PLC0415
    from somatone.library.judgement import Filter  # noqa: PLC0415

    listen_command(library, Filter(novel, tag, unjudged))


@library_app.command("list")
def library_list(
    library: LibraryOption = "",
    novel: NovelOption = False,
    tag: TagOption = "",
    unjudged: UnjudgedOption = False,
    verdict: Annotated[str, typer.Option("--verdict", help="Only those that were: keep or discard.")] = "",
    limit: Annotated[int, typer.Option("--limit", help="At most so many rows; 0 shows all.", min=0)] = 50,
) -> None:
    """A table of gestures."""
    from somatone.commands.library import list_command  # noqa: PLC0415
    from somatone.library.judgement import Filter  # noqa: PLC0415

    list_command(library, Filter(novel, tag, unjudged), verdict, limit)


@library_app.command("keep")
def library_keep(numbers: Numbers, library: LibraryOption = "") -> None:
    """Keep gestures: pieces may play them."""
    from somatone.commands.library import judge_command  # noqa: PLC0415

    judge_command(library, numbers, "keep")


@library_app.command("discard")
def library_discard(numbers: Numbers, library: LibraryOption = "") -> None:
    """Discard gestures: no piece plays them."""
    from somatone.commands.library import judge_command  # noqa: PLC0415

    judge_command(library, numbers, "discard")


@library_app.command("tag")
def library_tag(
    tag: Annotated[str, typer.Argument(help="One word.")],
    numbers: Numbers,
    library: LibraryOption = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take the tag away.")] = False,
) -> None:
    """Give gestures a tag."""
    from somatone.commands.library import tag_command  # noqa: PLC0415

    tag_command(library, tag, numbers, remove=remove)


@library_app.command("export")
def library_export(
    out: Annotated[Path, typer.Argument(help="Folder for the files.")], library: LibraryOption = ""
) -> None:
    """Write the kept gestures as WAV files."""
    from somatone.commands.library import export_command  # noqa: PLC0415

    export_command(library, out)


@library_app.command("map")
def library_map(
    plot: Annotated[Path, typer.Option("--plot", help="The picture to draw (PNG, PDF or SVG).")],
    library: LibraryOption = "",
) -> None:
    """Draw all gestures in two dimensions, kept ones bright."""
    from somatone.commands.library import map_command  # noqa: PLC0415

    map_command(library, plot)


@voice_app.command("render")
def voice_render(
    model: Model,
    folder: Annotated[Path | None, typer.Argument(help="Folder with recordings; or say --library.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for what the model makes of them.")] = None,
    library: Annotated[
        str, typer.Option("--library", help="Render the kept gestures of this library, as their machine twins.")
    ] = "",
    noise: Annotated[float, typer.Option("--latent-noise", help="Noise added to every latent.", min=0, max=10)] = 0.0,
    bias: Annotated[list[str] | None, typer.Option("--bias", help="LATENT=VALUE, as 0=1.5; repeatable.")] = None,
    rate: Annotated[int | None, typer.Option("--rate", help="The model's rate in Hz, where it does not say.")] = None,
    seed: SeedOption = 0,
) -> None:
    """Pass recordings through an exported RAVE model."""
    from somatone.commands.voice import RenderOptions, render_command  # noqa: PLC0415

    render_command(RenderOptions(model, folder, out, library, noise, tuple(bias or ()), rate, seed))


@voice_app.command("train")
def voice_train(
    out: Annotated[Path, typer.Option("--out", help="The model to write (.ts).")],
    library: LibraryOption = "",
    minutes: Annotated[float, typer.Option("--minutes", help="Train for about so long.", min=0.01, max=1440)] = 5.0,
    seed: SeedOption = 0,
) -> None:
    """Train a small variational autoencoder on a library: the machine's own, blander voice."""
    from somatone.commands.voice import train_command  # noqa: PLC0415

    train_command(library, out, minutes, seed)


@app.command()
def train(
    preset: Annotated[
        str | None, typer.Option("--preset", help="learns, collapses, underfits, noise or oscillates.")
    ] = None,
    all_presets: Annotated[bool, typer.Option("--all", help="All of them, into the folder --record.")] = False,
    seed: SeedOption = 1,
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="How long the run plays; without it until its state is reached.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", help="Keep the run in this file (.mcap); with --all a folder.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Draw metrics and samples over time (PNG, PDF or SVG).")
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="A folder with MNIST's IDX files.")] = None,
    small: Annotated[
        bool, typer.Option("--small", help="Keep less: a picture in 2.5 s, metrics twice a second.")
    ] = False,
) -> None:
    """Train a network on digits as fast as this machine can, and keep the run to play it."""
    from somatone.commands.train import TrainOptions, train_command  # noqa: PLC0415

    train_command(TrainOptions(preset, all_presets, seed, minutes, record, plot, data, small=small))
