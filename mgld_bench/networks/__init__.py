"""Every torch.nn.Module of the suite, and nothing else; imports only torch and torchvision.

A network has the parameter names of its official checkpoints. One that a card can resize has a frozen dataclass `…Config` in
`sizes` (the autoencoder's in its own folder), which its constructor takes; a size that cannot be is a ValueError.

For use from outside, beside what the folders' docstrings name:

- `BasicVSR` (`basicvsr`), `RealBasicVSR` (`realbasicvsr`)
- `EDVRNoUp`, `FeaturePyramid`, `ModulatedDeformableConvolution` (`edvr`)
- `SPyNet`, `basicsr_names` (`spynet`)
- `MULTIPLE` (`pwcnet`), which runs within DBVSR
- `SRVGGNetCompact` (`srvgg`)
"""
