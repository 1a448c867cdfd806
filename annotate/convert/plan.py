"""Makes a numbered job of each chunk of each input.

The jobs depend on the uncompressed bytes of the inputs alone, not on the workers.
"""

from collections.abc import Callable, Iterator

from annotate.convert import rules
from annotate.convert.options import ConversionOptions
from annotate.convert.shard import ShardJob
from annotate.convert.splitter import InputProblem, Read, split
from annotate.convert.storage import DecompressionError, changed_input, input_version, is_compressed, open_input

ReportProblem = Callable[[str, InputProblem], object]
"""Takes the name of an input and a problem with it."""


def plan_jobs(
    options: ConversionOptions, report: ReportProblem, in_process: bool = False
) -> Iterator[tuple[ShardJob, bytes]]:
    """Read every input and yield a job for each chunk, with the bytes of the chunk.

    Args:
        options: The options of the conversion.
        report: Receives the problems with inputs as they are found.
        in_process: Whether this process does all jobs; then no job has to be read by another.

    Raises:
        CannotRun: If an input cannot be read, or changes while it is read.
    """
    number = 0
    for address, name in zip(options.inputs, options.input_names, strict=True):
        version = input_version(address)
        with open_input(address) as read:
            stream = _DecompressedStream(read)
            for part in split(stream, options.shard_size, options.largest_task):
                if isinstance(part, InputProblem):
                    report(name, part)
                    continue
                data = part.data if in_process or is_compressed(address) else None
                job = ShardJob(number, name, address, part.offset, len(part.data), part.lines, data, {}, part.ranges)
                yield job, part.data
                number += 1
        if stream.fault:
            [problem] = rules.broken_compression.check(stream.fault)
            report(name, InputProblem(rules.broken_compression, problem, stream.size, b""))
        if input_version(address) != version:
            raise changed_input(address)


class _DecompressedStream:
    """Reads an input to its end, or to where it cannot be decompressed any further; `fault` says why."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.fault: str | None = None
        self.size = 0

    def __call__(self, size: int) -> bytes:
        if self.fault is not None:
            return b""
        try:
            data = self._read(size)
        except DecompressionError as error:
            self.fault = str(error) or type(error).__name__
            return b""
        self.size += len(data)
        return data
