"""Every torch.nn.Module of the suite, and nothing else; imports only torch and torchvision.

A network has the parameter names of its official checkpoints. One that a card can resize has a frozen dataclass `…Config` in its
own file or folder, which its constructor takes; a size that cannot be is a ValueError.

For use from outside, beside what the folders' docstrings name:

- `BasicVSR`, `BasicVSRConfig`, `UPSAMPLED_CHANNELS` (`basicvsr`)
- `RealBasicVSR`, `RealBasicVSRConfig` (`realbasicvsr`)
- `EDVRNoUp`, `EDVRNoUpConfig`, `FeaturePyramid`, `ModulatedDeformableConvolution`, `MULTIPLE` (`edvr`)
- `SPyNet`, `basicsr_names`, `MULTIPLE` (`spynet`)
- `MULTIPLE` (`pwcnet`), which runs within DBVSR
- `SRVGGNetCompact` (`srvgg`)
"""
