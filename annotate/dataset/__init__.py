"""A corpus as a dataset: Parquet tables, their card and metadata, and publishing them on the Hugging Face Hub."""
