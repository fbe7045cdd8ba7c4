"""What methods of the same kind share.

For use from outside:

- `NetworkRestorer`, `fill_with_fixed_weights` (`network_restorer`): one network with one weight file
- `FrameByFrameRestorer` (`frame_by_frame`): one network on each frame separately, in tiles
- `RecurrentRestorer` (`recurrent`): the BasicVSR family, a recurrence through the whole clip
- `to_pictures`, `to_frame`, `require_finite`, `window_around`, `sliding` (`pictures`): from frames to what networks take and back
"""
