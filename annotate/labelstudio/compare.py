"""What a server has against what the corpus has: texts by hash and by characters, labels one by one."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.labelstudio.client import Raw
from annotate.labelstudio.config import TEXT
from annotate.labelstudio.results import Mapper, annotator_of, article_id_of
from annotate.labelstudio.tasks import Prediction
from annotate.model import Annotation, Article
from annotate.offsets import sha256

Key = TypeVar("Key", str, tuple[str, str, str])


@dataclass
class Compared:
    """How many of each thing are equal, and what is not, in words. `characters` counts those of the equal texts."""

    equal: Counter[str] = field(default_factory=Counter)
    different: Counter[str] = field(default_factory=Counter)
    characters: int = 0
    differences: list[str] = field(default_factory=list)

    def differs(self, what: str, words: str) -> None:
        self.different[what] += 1
        self.differences.append(words)

    def add(self, other: "Compared") -> None:
        """Count what was found elsewhere as well."""
        self.equal.update(other.equal)
        self.different.update(other.different)
        self.characters += other.characters
        self.differences += other.differences


def compare(
    corpus: Corpus,
    inventory: Inventory,
    articles: Sequence[Article],
    labels: Mapping[str, Sequence[Prediction]],
    raw: Iterable[Raw],
    people: Mapping[int, str],
) -> Compared:
    """Compare raw tasks with the corpus: texts, the predictions pushed, what people submitted.

    One task at a time is held: of the others, what differs. The labels of an article that has several are not compared.
    """
    mapper = Mapper(inventory)
    at = {article.id: place for place, article in enumerate(articles)}
    each: dict[str, Compared] = {}
    tasks: Counter[str] = Counter()
    for task in raw:
        name = article_id_of(task) or ""
        tasks[name] += 1
        if name in at and tasks[name] == 1:
            article, each[name] = articles[at[name]], Compared()
            if _same_text(article, task, each[name]):
                _labels(corpus, mapper, article, labels.get(name, ()), task, people, each[name])
    found = Compared()
    for name in sorted(tasks.keys() - at.keys()):
        found.differs("articles", f"the server has a task of no article of the corpus ({name or 'none named'})")
    for name in at:
        if tasks[name] == 1:
            found.add(each.pop(name))
        else:
            found.differs("articles", f"{name}: the server has {tasks[name] or 'no'} task{'s' * bool(tasks[name])}")
    return found


def _same_text(article: Article, task: Raw, found: Compared) -> bool:
    text = task["data"].get(TEXT)
    if text != article.text or sha256(text) != article.text_sha256:
        found.differs("articles", f"{article.id}: the text differs")
        return False
    found.equal["articles"] += 1
    found.characters += len(article.text)
    return True


def _labels(
    corpus: Corpus,
    mapper: Mapper,
    article: Article,
    wanted: Sequence[Prediction],
    task: Raw,
    people: Mapping[int, str],
    found: Compared,
) -> None:
    mapped = list(mapper.map_task(task, article.text, people))
    for entry in wanted:
        same = [one.annotation for one in mapped if one.kind == "prediction" and one.model_version == entry.version]
        name = f"{article.id}, prediction {entry.version}"
        if len(same) != 1 or same[0] is None:
            found.differs("annotations", f"{name}: the server has {len(same) or 'none'}")
        else:
            _annotations(name, entry.annotation, same[0], found, notes=True)
    for one in mapped:
        if one.kind == "annotation" and one.annotation is not None:
            person = annotator_of(one.user_id, people)
            name = f"{article.id}, annotation by {person}"
            if not corpus.annotation_path(person, article.id).is_file():
                found.differs("annotations", f"{name}: not pulled yet")
            else:
                _annotations(name, corpus.read_annotation(person, article.id), one.annotation, found, notes=False)
        for finding in one.findings:
            if finding.severity == "error":
                found.differs("items", f"{article.id}: {finding.code} {finding.message}")


def _annotations(name: str, here: Annotation, there: Annotation, found: Compared, *, notes: bool) -> None:
    spans, relations = [], []
    for side in (here, there):
        spans.append({span.id: span for span in side.spans})
        relations.append({(one.label, one.head, one.tail): one.note if notes else "" for one in side.relations})
    _count("spans", name, spans[0], spans[1], found)
    _count("relations", name, relations[0], relations[1], found)


def _count(what: str, name: str, here: Mapping[Key, object], there: Mapping[Key, object], found: Compared) -> None:
    for key, words in _apart(here, there):
        found.differs(what, f"{name}: {what[:-1]} {_shown(key)} {words}")
    found.equal[what] += sum(1 for key, value in here.items() if key in there and there[key] == value)


def _apart(here: Mapping[Key, object], there: Mapping[Key, object]) -> Iterator[tuple[Key, str]]:
    for key, value in here.items():
        if key not in there:
            yield key, "is not on the server"
        elif there[key] != value:
            yield key, "differs"
    yield from ((key, "is on the server only") for key in there if key not in here)


def _shown(key: str | tuple[str, str, str]) -> str:
    return f"{key[0]} {key[1]} → {key[2]}" if isinstance(key, tuple) else str(key)
