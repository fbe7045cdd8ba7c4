"""Cards: the YAML files that declare datasets, methods, degradations, protocols, reports, studies and published numbers.

For use from outside:

- `load_card` and, of a known kind, `load_dataset`, `load_degradation`, `load_method`, `load_protocol`, `load_report`,
  `load_study_card` (`loader`)
- `load_published_card`, `load_published_cards` (`loader`); `PublishedCard`, `TestSet` (`published_card`)
- `list_cards`, `resolved_card`, `extended_card`, `CardEntry` (`loader`)
- `DatasetCard`, `DegradationCard`, `MethodCard`, `ProtocolCard`, `ReportCard`, `WeightFile`, `Crop` (`schemas`)
- `AnyFigure` and one class per kind of figure (`figures`): what a report card may name under `figures:`
- `StudyCard` and its parts `Question`, `Design`, `Screening` (`studies`)
- `validate_options`, `field_error` (`validation`): messages with file, line and field
- `search_path`, `card_files` (`search_path`), `shipped_folder` (`shipped_folder`): which files are cards
"""
