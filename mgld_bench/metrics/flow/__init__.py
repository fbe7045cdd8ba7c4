"""Metrics of neighbouring frames that optical flow aligns: warping errors and their relatives, with any flow network.

To follow one of them: its name and definition in `variants`, its place in `FLOW_MEASURES` and the pass over the pairs in
`metric`, its formula in `measures`. `estimators` has the flow networks, `sources` the flow they give and the flow kept on disk.

For use from outside:

- `variants` (`variants`): the family's table for the catalogue; imports no torch
- `flow_estimators`, `FlowEstimator` (`estimators`): the flow networks by name; imports no torch
- `load_flow_network`, `FlowNetwork` (`sources`): one of them, loaded
- `DeviceFrame`, `frame_pair`, `signed` (`device_frame`): neighbouring frames on a device, for any metric of pairs
"""
