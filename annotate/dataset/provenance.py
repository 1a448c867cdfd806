"""Where texts and labels come from, in the PROV vocabulary that `croissant.json` takes it from.

The properties are those that NeurIPS asks for beside the responsible-AI vocabulary of Croissant:
https://neurips.cc/Conferences/2026/EvaluationsDatasetsHosting. The vocabulary is https://www.w3.org/TR/prov-o/.
"""

from collections.abc import Iterator

from annotate.dataset.facts import Facts, list_annotators
from annotate.model_run import describe_run, list_models
from annotate.util.nouns import count_noun

PROV = "http://www.w3.org/ns/prov#"
NOT_STATED = "Not stated."
MAX_PUBLISHERS = 20
"""Most publishers that are named."""

_WIKIDATA = "https://www.wikidata.org/wiki/"
_COLLECTION, _PREPROCESSING, _ANNOTATION = "Q4929239", "Q1172378", "Q109719325"
_EXTENDED = "extended|"


def describe_provenance(facts: Facts) -> dict[str, object]:
    """Return what the dataset was derived from, what generated it, and whether a program made a part of it."""
    return {
        "rai:hasSyntheticData": _has_synthetic_data(facts),
        "prov:wasDerivedFrom": _describe_sources(facts),
        "prov:wasGeneratedBy": _describe_activities(facts),
    }


def _has_synthetic_data(facts: Facts) -> bool | None:
    """Return whether a program made texts or labels; None where nothing says who wrote the texts."""
    creators = facts.hub_metadata.get("language_creators", [])
    if "machine-generated" in creators or any(
        facts.annotators[name].kind == "model" for name in list_annotators(facts)
    ):
        return True
    return False if creators else None


def _describe_sources(facts: Facts) -> list[dict[str, str]]:
    """Return the datasets and the publishers that the texts were taken from."""
    names = (name for name in facts.hub_metadata.get("source_datasets", []) if name.startswith(_EXTENDED))
    datasets = [
        {
            "@type": "prov:Entity",
            "@id": f"https://huggingface.co/datasets/{name.removeprefix(_EXTENDED)}",
            "prov:label": name.removeprefix(_EXTENDED),
        }
        for name in names
    ]
    publishers = facts.counts.publishers.most_common()
    labels = [
        f"{count_noun(number, 'article')}; publisher: {name or 'not stated'}"
        for name, number in publishers[:MAX_PUBLISHERS]
    ]
    if more := publishers[MAX_PUBLISHERS:]:
        number = sum(number for _, number in more)
        labels.append(f"{count_noun(number, 'article')} of {count_noun(len(more), 'other publisher')}")
    return [*datasets, *[{"@type": "prov:Entity", "prov:label": label} for label in labels]]


def _describe_activities(facts: Facts) -> list[dict[str, object]]:
    """Return how the texts were collected and prepared, and how and by whom they were labelled."""
    stated = facts.statement
    collection = " ".join(stated[key] for key in ("collection_type", "curation_rationale") if key in stated)
    activities = [_activity("Collection", _COLLECTION, collection or NOT_STATED)]
    if "preprocessing" in stated:
        activities.append(_activity("Preprocessing", _PREPROCESSING, stated["preprocessing"]))
    annotation = _activity("Annotation", _ANNOTATION, stated.get("process", NOT_STATED))
    agents = [_describe_agent(facts, name) for name in list_annotators(facts)]
    annotation |= {"prov:wasAssociatedWith": agents} if agents else {}
    return [*activities, annotation, *_describe_runs(facts)]


def _describe_runs(facts: Facts) -> Iterator[dict[str, object]]:
    """Yield the recorded runs in which language models made labels."""
    for name in list_annotators(facts):
        if run := facts.annotators[name].run:
            agent = {"@type": "prov:SoftwareAgent", "prov:label": list_models(run)}
            yield _activity(f"Labels of {name}", _ANNOTATION, describe_run(run)) | {
                "prov:startedAtTime": run.started,
                "prov:endedAtTime": run.ended,
                "prov:wasAssociatedWith": [agent],
            }


def _activity(label: str, kind: str, description: str) -> dict[str, object]:
    return {
        "@type": "prov:Activity",
        "prov:type": {"@id": f"{_WIKIDATA}{kind}"},
        "prov:label": label,
        "description": description,
    }


def _describe_agent(facts: Facts, name: str) -> dict[str, object]:
    """Return an annotator; a model with its name, where that is known."""
    annotator = facts.annotators[name]
    if annotator.kind == "person":
        return {"@type": "prov:Person", "prov:label": name, "description": annotator.training}
    return {
        "@type": "prov:SoftwareAgent",
        "prov:label": name,
        "description": f"{describe_model(annotator.model)} {annotator.training}",
    }


def describe_model(model: str | None) -> str:
    """Return the name of a model as a sentence."""
    return f"Model: {model or 'not stated'}."
