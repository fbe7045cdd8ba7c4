"""mgld-bench study serve: the page of a study, for its participants."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder, such as workspace/studies/demo.")],
    host: Annotated[
        str, typer.Option("--host", help="Address to serve on; 0.0.0.0: every network of this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to serve on; 0: a free one.")] = 8000,
    root_path: Annotated[
        str,
        typer.Option(
            "--root-path",
            help="Sub-path under which a reverse proxy passes requests on without cutting it off, such as /study; default: none.",
        ),
    ] = "",
    proxy: Annotated[
        str,
        typer.Option(
            "--proxy",
            help="Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, separated by commas; "
            "default: none.",
        ),
    ] = "",
) -> None:
    """Serve a study's page to its participants until Ctrl-C. Every vote is on disk before its answer goes out.

    Example: mgld-bench study serve workspace/studies/demo --port 8000
    """
    from mgld_bench.errors import InputError
    from mgld_bench.home import expanded
    from mgld_bench.study.folder import StudyFolder

    try:
        from mgld_bench.study.serving.server import ServeOptions
        from mgld_bench.study.serving.server import serve as serve_study
    except ModuleNotFoundError as error:
        if error.name not in {"starlette", "uvicorn"}:
            raise
        raise InputError(f"study serve needs {error.name}: pip install 'mgld-bench[study]'") from error

    def log(line: str) -> None:
        typer.echo(line, err=True)

    try:
        serve_study(StudyFolder(expanded(study)), ServeOptions(host, port, root_path, proxy), log)
    except KeyboardInterrupt:
        typer.echo("mgld-bench: interrupted; every vote is kept, the same command serves on", err=True)
        raise typer.Exit(130) from None
