"""Hooks of the site's build: the gallery's files join it; a page that would load something from elsewhere fails."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

GALLERY = Path("build/gallery")
"""What docs/scripts/gallery.py makes."""
_NOT_BUILT = """\
# Gallery

What the demo makes. It is not part of this build: `python docs/scripts/gallery.py` makes it, and `tox -e docs` calls that.
"""
_LOADED = re.compile(
    r"""<(?:script|img|iframe|video|audio|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^>]*>|<link\b[^>]*\bhref=["']?(?:https?:)?//[^>]*>"""
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the gallery, or a page that says how to make it."""
    folder = Path(config.config_file_path).parent / GALLERY
    made = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in made:
        files.append(File.generated(config, f"gallery/{path.relative_to(folder).as_posix()}", abs_src_path=str(path)))
    if not made:
        files.append(File.generated(config, "gallery/index.md", content=_NOT_BUILT))
    return files


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Refuse a page that loads something from elsewhere."""
    found = _LOADED.search(output)
    if found is not None:
        raise PluginError(f"{page.file.src_uri} would load something from elsewhere: {found[0]}")
    return output
