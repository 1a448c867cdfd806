"""Label Studio exports of any size → the same checked dataset that `annotate build` writes.

`splitter` cuts an export into chunks of whole tasks and `plan` makes a job of each chunk; `pool` has the jobs done,
in this process, in several, or on a Dask cluster. For each job, `shard` reads the tasks (`reader`, and `reader_slow`
for those with anything irregular) and writes a shard: a Parquet file for each table. `run` does all of this, resumes
what was interrupted and finds tasks that share an id (`duplicate_ids`); `merge` describes the shards as one dataset.
"""
