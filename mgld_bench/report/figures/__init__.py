"""Figures: those that the report card names, and the plots and strips of the page.

`style` and `axes` say how they look, `choosing` where there is something to see; a file per kind draws what is given to it as
plain data and frames, and a file of the same name in `inputs/` takes that from the report's data.

For use from outside:

- `write_pictures`, `Picture` (`pictures`): draw and write the plots and strips of the page
- `write_figures` (`write_figures`), `WrittenFigure`, `missing_figures` (`written`): for print, under `figures:` of the card
"""
