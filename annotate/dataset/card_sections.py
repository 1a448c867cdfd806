"""The sections of the card on labels, annotators, limits, rights and upkeep."""

from collections import Counter
from collections.abc import Iterable, Iterator

from annotate.dataset.card_example import show_text
from annotate.dataset.facts import (
    FEW,
    Facts,
    is_by_models_alone,
    is_version_cited,
    list_annotators,
    loadable_tables,
)
from annotate.dataset.features import ARTICLES
from annotate.dataset.folder import CLASS_DESCRIPTIONS, MANIFEST
from annotate.dataset.redact import SKELETON
from annotate.inventory import Attribute, describe_bounds
from annotate.model import AttributeValue
from annotate.model_run import ModelRun, describe_tokens
from annotate.util.escape import (
    Markdown,
    escape_markdown_prose,
    escape_markdown_words,
    markdown_code,
    markdown_code_block,
    markdown_link,
    markdown_shown_form,
    markdown_table,
)
from annotate.util.nouns import count_noun, with_pieces
from annotate.versions import describe_asked, version_key
from annotate.waivers import Waiver

_LIMITS = ("limits", "biases")
_UPKEEP = {"takedown": "Takedown", "funding": "Funding", "ethics": "Ethics", "maintenance": "Maintenance"}
_ELSEWHERE = {"intended_uses", "unsuitable_uses", "contact", *_LIMITS, *_UPKEEP}
"""Headings of the data statement that have a place outside the section of that name."""
_MAX_LEFT_OUT = 50
"""Most annotations that the card names as left out; the manifest names all."""


def labels_section(facts: Facts) -> Markdown:
    """Return the labels, relations and attributes, with their counts."""
    inventory, counts = facts.inventory, facts.counts
    parts = [
        Markdown("## Labels"),
        Markdown(
            "Class ids never change: a new label or value gets the next number, and one that is dropped keeps its own."
            " [`{}`]({}) has all of them as data: ids, names and definitions, and which columns a view takes from"
            " which role."
        ).format(CLASS_DESCRIPTIONS, CLASS_DESCRIPTIONS),
    ]
    for layer in inventory.layers.values():
        rows = (
            (
                markdown_shown_form(label.name, label.display_name, markdown_code(label.name)),
                escape_markdown_words(label.definition),
                _describe_count(
                    with_pieces(f"{counts.spans[label.name]:,}", counts.spans[label.name], counts.pieces[label.name]),
                    facts,
                    label.since,
                ),
            )
            for label in inventory.labels_of(layer.name)
        )
        parts += [
            Markdown("### {}").format(layer.title),
            escape_markdown_words(layer.definition),
            markdown_table(("span", "what it marks", "count"), rows),
        ]
    relations = (
        (
            markdown_code(relation.name),
            escape_markdown_words(relation.definition),
            ", ".join(relation.head) or "any",
            ", ".join(relation.tail) or "any",
            _describe_count(f"{counts.relations[relation.name]:,}", facts, relation.since),
        )
        for relation in inventory.relations.values()
    )
    if inventory.relations:
        parts += [Markdown("### Relations"), markdown_table(("relation", "meaning", "from", "to", "count"), relations)]
    if inventory.attributes:
        parts += [
            Markdown("### Attributes"),
            markdown_table(("attribute", "of", "value", "meaning", "count"), _attribute_rows(facts)),
        ]
    return Markdown("\n\n").join(parts)


def _describe_count(count: str, facts: Facts, since: str | None) -> str:
    """Return a count, with the number of articles in which it was looked for if a later version added it."""
    asked = describe_asked(since, facts.counts.inventories)
    return f"{count}; {asked}" if asked else count


def _attribute_rows(facts: Facts) -> Iterable[tuple[object, ...]]:
    for attribute in facts.inventory.attributes.values():
        counts = _count_values(facts, attribute)
        on = ", ".join(attribute.labels)
        name = markdown_shown_form(attribute.name, attribute.display_name, markdown_code(attribute.name))
        definition = escape_markdown_words(attribute.definition)
        count = _describe_count(f"{counts.total():,}", facts, attribute.since)
        if attribute.type != "choice":
            yield name, on, f"{attribute.type}{attribute.bounds}", definition, count
            continue
        yield name, on, "", definition, count
        for value, meaning in attribute.values.items():
            shown = markdown_shown_form(value, attribute.display_value(value), Markdown("{}").format(value))
            yield "", "", shown, escape_markdown_words(meaning), f"{counts[value]:,}"


def _count_values(facts: Facts, attribute: Attribute) -> Counter[AttributeValue]:
    """Return how often each value of an attribute occurs."""
    counts: Counter[AttributeValue] = Counter()
    for label in attribute.labels:
        counts.update(facts.counts.values.get((label, attribute.name), {}))
    return counts


def annotators_section(facts: Facts) -> Markdown:
    """Return who labelled, by pseudonym."""

    def row(name: str) -> tuple[object, ...]:
        annotator = facts.annotators.get(name)
        numbers = [f"{counts[name]:,}" for counts in (labelled, facts.counts.gold_from, facts.counts.adjudicated)]
        if tells_versions:
            numbers.append(_describe_own_versions(facts, name))
        if annotator is None:
            return markdown_code(name), "unknown", "", "", *numbers
        since, until = annotator.since, annotator.until
        kind = f"{annotator.kind}: {annotator.model}" if annotator.model else annotator.kind
        active = since if since == until else f"{since} to {until or 'now'}"
        return markdown_code(name), kind, annotator.training, active, *numbers

    labelled = facts.counts.labelled
    names = sorted({*labelled, *facts.counts.adjudicated})
    header = ["pseudonym", "kind", "training", "active", "articles labelled", "gold made from", "adjudicated"]
    versions = {version for _, version in facts.counts.own_inventories}
    if tells_versions := not versions <= {facts.inventory.version}:
        header.append("inventory of own labels")
    return Markdown("## Who labelled\n\n{}").format(markdown_table(header, map(row, names)))


def model_runs_section(facts: Facts) -> Markdown:
    """Return how language models made their labels, for the runs that are recorded; nothing without any."""
    runs = {name: run for name in list_annotators(facts) if (run := facts.annotators[name].run)}
    if not runs:
        return Markdown("")

    def row(name: str, run: ModelRun) -> tuple[object, ...]:
        parameters = ", ".join(f"{key} {value}" for key, value in run.parameters.items())
        not_taken = sum(run.quarantined.values())
        return (
            markdown_code(name),
            run.asked,
            ", ".join(run.answered) or "not named",
            run.started,
            run.mode,
            markdown_code(run.prompt_sha256),
            run.inventory,
            parameters,
            f"{run.usage.answers:,}",
            describe_tokens(run),
            f"{not_taken:,}",
            f"{sum(run.left_out.values()):,}",
        )

    header = (
        "pseudonym",
        "asked for",
        "answered",
        "started",
        "form of answers",
        "SHA-256 of the prompt",
        "inventory",
        "parameters",
        "answers",
        "tokens and price",
        "parts of answers not taken",
        "articles without labels",
    )
    table = markdown_table(header, (row(name, run) for name, run in runs.items()))
    intro = Markdown("Language models made labels of their own in recorded runs. The column {} names the model.")
    return Markdown("### Runs of models\n\n{}\n\n{}").format(intro.format(markdown_code("model")), table)


def _describe_own_versions(facts: Facts, annotator: str) -> str:
    """Return the inventory versions of an annotator's own labels, with the number of articles if there are several."""
    articles = {version: count for (name, version), count in facts.counts.own_inventories.items() if name == annotator}
    versions = sorted(articles, key=version_key)
    return ", ".join(versions if len(versions) < 2 else [f"{version} ({articles[version]:,})" for version in versions])


def metadata_section(facts: Facts) -> Markdown:
    """Return the fields of metadata that the corpus declares, and the articles of each choice; nothing without any."""
    fields = facts.inventory.metadata
    if not fields:
        return Markdown("")
    rows: list[tuple[str, ...]] = []
    for name, field in fields.items():
        is_withheld = not facts.text and not field.is_shared
        has = "withheld" if is_withheld else f"{facts.counts.filled[ARTICLES, name]:,}"
        type_ = f"{field.type}{describe_bounds(field.minimum, field.maximum)}"
        rows.append((Markdown("**{}**").format(name), type_, escape_markdown_words(field.definition), has))
        rows += [
            ("", markdown_code(value), escape_markdown_words(definition), f"{facts.counts.metadata[name, value]:,}")
            for value, definition in field.values.items()
        ]
    table = markdown_table(("field", "type or value", "meaning", "articles"), rows)
    example = next(iter(fields))
    joined = [config for config in loadable_tables(facts) if "article" in facts.configs[config]]
    parts = [
        Markdown("## Metadata"),
        Markdown("The table {} has a column for each of these fields.").format(markdown_code(ARTICLES)),
        table,
    ]
    if withheld := _list_withheld(facts):
        note = "This copy withholds each value of {}: `None` does not mean there that no value is given."
        parts.append(Markdown(note).format(Markdown(", ").join(withheld)))
    if joined:
        call = f'load_dataset(dataset, "{joined[0]}", split={show_text(loadable_tables(facts)[joined[0]][0].split)})'
        code = [
            f'own = articles.to_pandas().set_index("id")[["{example}"]]',
            f'{call}.to_pandas().join(own, on="article")',
        ]
        note = "The other tables name the article in their column `article`; links name one for each passage. To join:"
        parts += [Markdown(note), markdown_code_block("\n".join(code), "python")]
    return Markdown("\n\n").join(parts)


def rights_section(facts: Facts) -> Markdown:
    """Return the licence of the labels, and the rights in the texts as the articles state them."""
    rights = markdown_table(("rights in the text", "articles"), facts.counts.rights.most_common())
    publishers = Markdown("")
    if any(facts.counts.publishers):
        rows = ((name or "not named", number) for name, number in facts.counts.publishers.most_common())
        publishers = Markdown("\n\n{}").format(markdown_table(("publisher", "articles"), rows))
    without = Markdown(
        ""
        if facts.text
        else "\n\nThis copy has no words of the articles. If you have the texts, this command puts them back from"
        f" `{SKELETON}`:\n\n```bash\nannotate hydrate path/to/this/folder --texts my-copies --out with-texts\n```"
    )
    licence = facts.licence
    licensed = (
        Markdown(
            "The labels and the guidelines are licensed under {}. That licence does not cover the texts of the"
            " articles: each article states the rights in its text."
        ).format(markdown_link(licence.words, licence.url))
        if licence
        else Markdown(
            "No licence is stated for the labels and the guidelines. Each article states the rights in its text."
        )
    )
    return Markdown("## Rights\n\n{}{}\n\n{}{}").format(licensed, without, rights, publishers)


def limitations_section(facts: Facts) -> Markdown:
    """Return the limitations that the data statement names, and those that the counts show."""
    inventory, counts = facts.inventory, facts.counts
    size = f"{count_noun(counts.articles.total(), 'article')} ({counts.characters:,} characters)"
    points: list[str] = [f"Size: {size}."]
    if is_by_models_alone(facts):
        points.append(
            "No person has labelled: the labels show how a model applies the guidelines, not what people agree on."
        )
    if len(counts.labelled) < 2:
        points.append("One annotator: these data cannot show how far annotators agree.")
    relations = (relation.name for relation in inventory.relations.values() if not relation.joins_pieces)
    rare = [name for name in (*inventory.spans, *relations) if (counts.spans + counts.relations)[name] < FEW]
    if rare:
        names = Markdown(", ").join(map(markdown_code, rare))
        points.append(Markdown("Fewer than {} examples each: {}.").format(FEW, names))
    rare_values = [*_describe_rare_values(facts)]
    if rare_values:
        points.append(
            Markdown("Fewer than {} examples each of these values: {}.").format(FEW, Markdown("; ").join(rare_values))
        )
    for interval in inventory.intervals:
        if interval.denied:
            denied = counts.denied[interval.label]
            warning = "Do not add their numbers to those that are claimed." if denied else "Denials have no example."
            points.append(
                Markdown("{:,} of {} labelled {} deny a claim. {}").format(
                    denied, count_noun(counts.spans[interval.label], "span"), markdown_code(interval.label), warning
                )
            )
    stated = [escape_markdown_prose(facts.statement[key]) for key in _LIMITS if key in facts.statement]
    counted = Markdown("\n").join(Markdown("- {}").format(point) for point in points)
    return Markdown("\n\n").join([Markdown("## Limitations"), *stated, counted])


def _describe_rare_values(facts: Facts) -> Iterator[Markdown]:
    """Yield each choice that has enough examples, with those of its values that have not."""
    for attribute in facts.inventory.attributes.values():
        counts = _count_values(facts, attribute)
        rare = [value for value in attribute.values if counts[value] < FEW]
        if rare and counts.total() >= FEW:
            yield Markdown("{} {}").format(markdown_code(attribute.name), Markdown(", ").join(map(markdown_code, rare)))


def waivers_section(facts: Facts) -> Markdown:
    """Return the checks that the corpus waives or takes for warnings, each with its reason; empty if there are none."""

    def describe_scope(waiver: Waiver) -> Markdown:
        limits = {"articles": waiver.articles, "labels of": waiver.annotators, "files": waiver.files}
        parts = [
            Markdown("{} {}").format(kind, Markdown(", ").join(map(markdown_code, names)))
            for kind, names in limits.items()
            if names
        ]
        return Markdown("; ").join(parts) or Markdown("everything")

    if not facts.waivers:
        return Markdown()
    rows = (
        (
            markdown_code(waiver.code),
            describe_scope(waiver),
            waiver.severity or "waived",
            escape_markdown_words(waiver.reason),
            waiver.until or "",
        )
        for waiver in facts.waivers
    )
    table = markdown_table(("check", "scope", "findings are", "why", "until"), rows)
    words = "Findings of these checks are accepted in this corpus, or have another severity; `annotate rules CODE`"
    return Markdown("## Waived checks\n\n{}\n\n{}").format(Markdown(f"{words} explains a check."), table)


def left_out_section(facts: Facts) -> Markdown:
    """Return the labels that were left out of the tables because they have errors; empty if there are none."""
    if not facts.passes_left_out:
        return Markdown()
    number = len(facts.passes_left_out)
    table = markdown_table(
        ("annotator", "article", "checks"),
        (
            (
                markdown_code(each.annotator),
                markdown_code(each.article),
                Markdown(", ").join(map(markdown_code, each.codes)),
            )
            for each in facts.passes_left_out[:_MAX_LEFT_OUT]
        ),
    )
    measured = " The figures of agreement count them." if facts.agreement else ""
    words = Markdown(
        "The labels that an annotator gave an article are left out of the tables if a check finds an error in them.{}"
        " {} explains a check."
    ).format(measured, markdown_code("annotate rules CODE"))
    parts = [Markdown("## Labels left out"), words, table]
    if number > _MAX_LEFT_OUT:
        more = Markdown("{:,} more are in {}, key {}.")
        parts.append(more.format(number - _MAX_LEFT_OUT, markdown_code(MANIFEST), markdown_code("passes_left_out")))
    return Markdown("\n\n").join(parts)


def citation_section(facts: Facts) -> Markdown:
    """Return how to cite the dataset, and what it was written with."""
    hashes = Markdown("{} holds the hashes of the files and of their rows. Written with pyarrow {}.").format(
        markdown_code(MANIFEST), facts.pyarrow
    )
    if facts.citation is None or facts.citation.bibtex is None:
        return Markdown("## Citation\n\nHow to cite the dataset is not stated.\n\n{}").format(hashes)
    entry = markdown_code_block(facts.citation.bibtex, "bibtex")
    parts = [Markdown("## Citation"), entry]
    if not is_version_cited(facts):
        note = "The entry is that of version {}; these data are version {}."
        parts.append(Markdown(note).format(facts.citation.version, facts.corpus))
    return Markdown("\n\n").join([*parts, hashes])


def statement_section(facts: Facts) -> Markdown:
    """Return the data statement, but for what other sections have; empty where nothing is left."""
    parts = [
        Markdown("### {}\n\n{}").format(heading.replace("_", " ").capitalize(), escape_markdown_prose(text))
        for heading, text in facts.statement.items()
        if heading not in _ELSEWHERE
    ]
    return Markdown("\n\n").join([Markdown("## Data statement"), *parts]) if parts else Markdown()


def upkeep_section(facts: Facts) -> Markdown:
    """Return version, addresses, contact, takedown, funding, ethics and maintenance, each also where it is unknown."""
    cited, statement = facts.citation, facts.statement
    contacts = escape_markdown_words(statement["contact"]) if "contact" in statement else None
    if contacts is None and cited and cited.contacts:
        contacts = Markdown("; ").join(cited.contacts)
    repository = (cited.repository or cited.url) if cited else None
    released = cited.released if cited and is_version_cited(facts) else None
    rows: dict[str, str | None] = {
        "Version": facts.corpus,
        "Released": released,
        "Repository": markdown_link(repository, repository) if repository else None,
        "Dataset": markdown_link(cited.dataset, cited.dataset) if cited and cited.dataset else None,
        "DOI": markdown_link(cited.doi, cited.doi_url) if cited and cited.doi and cited.doi_url else None,
        "Contact": contacts,
        **{
            title: escape_markdown_words(statement[key]) if key in statement else None for key, title in _UPKEEP.items()
        },
    }
    lines = (Markdown("- **{}:** {}").format(name, words or "not stated") for name, words in rows.items())
    return Markdown("## Contact and upkeep\n\n{}").format(Markdown("\n").join(lines))


def without_text_note(facts: Facts) -> Markdown:
    """Return that the copy has no words of the articles, with an empty line after it; nothing if it has them."""
    if facts.text:
        return Markdown()
    withheld = _list_withheld(facts)
    return Markdown(
        "> **This copy has no words of the articles.** Titles, texts, notes and the words of spans are `None`{}."
        " Offsets, labels and hashes are there. If you have the texts, `annotate hydrate` puts them back: see"
        " [Rights](#rights).\n\n"
    ).format(Markdown(", and so are the metadata {}").format(Markdown(", ").join(withheld)) if withheld else "")


def _list_withheld(facts: Facts) -> list[Markdown]:
    """Return the fields of metadata whose values the copy does not have."""
    fields = facts.inventory.metadata.items()
    return [] if facts.text else [markdown_code(name) for name, field in fields if not field.is_shared]


def agreement_section(facts: Facts) -> Markdown:
    """Return the tables of agreement, or that it is not known; empty where it was not measured."""
    if facts.agreement is None:
        return Markdown()
    return Markdown("## Agreement\n\n{}").format(facts.agreement.render())
