"""The test suite; its folders mirror mgld_bench."""
