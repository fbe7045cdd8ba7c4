"""Restoring: runs a method over a clip, resumably, with a record of what it took; and measures what a method costs.

For use from outside:

- `restore_clip` (`running`): restores one clip into a folder
- `load_restorer`, `load_untrained`, `parse_options`, `restorer_class`, `why_unavailable`, `why_not_ready` (`loading`): from a
  card to a method, or why not
- `RestoreRecord`, `read_record`, `record_path`, `open_restored` (`record`): the side file of a restored clip
- `profile`, `ProfileResult`, `count_flops` (`profiling`): parameters, operations, time and memory
- `PeakMemory` (`peak_memory`)
"""
