# mgld-bench with everything that the demo needs. Build with CUDA: docker build --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu128 -t mgld-bench:cuda .
# Run the demo: docker run --rm -v "$PWD/workspace:/workspace" mgld-bench
FROM python:3.12-slim-bookworm

# The CPU builds of PyTorch by default; cu128 for NVIDIA GPUs.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG EXTRAS=postgres,parquet

RUN useradd --create-home --uid 1000 bench \
    && mkdir /workspace \
    && chown bench /workspace
WORKDIR /opt/mgld-bench
COPY pyproject.toml README.md LICENSE ./
COPY mgld_bench mgld_bench
COPY datasets datasets
COPY baselines baselines
COPY reports reports
# Versions are those that pyproject.toml allows.
# hadolint ignore=DL3013
RUN pip install --no-cache-dir --index-url "$TORCH_INDEX" torch torchvision \
    && pip install --no-cache-dir ".[$EXTRAS]"

USER 1000
WORKDIR /workspace
ENV MGLD_BENCH_HOME=/workspace/home
VOLUME /workspace
ENTRYPOINT ["mgld-bench"]
CMD ["demo", "--workspace", "/workspace"]
