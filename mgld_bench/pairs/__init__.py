"""Pairs on disk: planning, building, verifying and rebuilding them.

For use from outside:

- `plan_pairs`, `open_pair`, `PlannedPair`, `pair_key` (`planning`): the pairs that a dataset needs, and whether they are built
- `prepare_pairs` (`prepare`): carries out that plan
- `build_pair` (`build`): one pair of one clip
- `verify_pair` (`verify`), `rebuild_pair` (`rebuild`): against the side file; from the stored bitstream
- `list_pairs`, `read_pair`, `Pair`, `pairs_folder` (`stored`): pairs that are there
- `locate_clips` (`sources`): a dataset's clips in its download
"""
