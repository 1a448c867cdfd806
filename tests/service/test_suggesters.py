"""What suggests: patterns, files of labels, and a model; and what their versions depend on."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from annotate.baseline import Baseline, Pattern, Patterns
from annotate.corpus import encode_annotation
from annotate.errors import CannotRun
from annotate.labelstudio.predictions import folder_predictions
from annotate.model import Annotation
from annotate.models.budget import Budget, BudgetReached
from annotate.models.chat_client import ChatClient, ModelParameters
from annotate.models.endpoint import Endpoint, resolve_endpoint
from annotate.models.ledger import open_ledger
from annotate.models.session import ModelSession
from annotate.service import model_suggester
from annotate.service.model_suggester import ModelSuggester
from annotate.service.suggesters import FileSuggester, PatternSuggester
from annotate.service.suggestions import name_suggestions
from tests.conftest import Project
from tests.models.chat_server import MODEL, Asked, ChatServer, Reply, error, first_words, serve_chat
from tests.models.first_word import FirstWordMethod


def make_baseline(project: Project, pattern: str) -> Baseline:
    rule = Pattern(pattern=pattern, anchor="verb", spans={"verb": "Verb"})
    return Baseline(Patterns(version="1", sentence="[^\n]+", parts={}, rules=[rule]), project.inventory)


def test_patterns(project: Project) -> None:
    suggester = PatternSuggester(make_baseline(project, r"(?P<verb>said)"), 10)
    article = project.corpus.read_article("harbour")
    assert [span.text for span in suggester.suggest(article).spans] == ["said"]
    assert name_suggestions(suggester, project.inventory) == f"baseline 1.0.0 {suggester.version()}"
    same = PatternSuggester(make_baseline(project, r"(?P<verb>said)"), 10)
    other = PatternSuggester(make_baseline(project, r"(?P<verb>says)"), 10)
    assert suggester.version() == same.version() != other.version()


def test_patterns_that_take_too_long(project: Project) -> None:
    suggester = PatternSuggester(make_baseline(project, r"(?P<verb>(a+)+b)"), 0.1)
    article = msgspec.structs.replace(project.corpus.read_article("harbour"), text="a" * 5000)
    with pytest.raises(CannotRun, match=r"is still searching after 0\.1 seconds"):
        suggester.suggest(article)


@pytest.fixture
def folder(project: Project) -> Path:
    folder = project.path("out")
    folder.mkdir()
    (folder / "harbour.json").write_bytes(encode_annotation(project.corpus.read_annotation("anna", "harbour")))
    return folder


def open_files(project: Project, folder: Path) -> FileSuggester:
    def find_no_errors(*_: object) -> list[object]:
        return []

    predictions, annotator, _ = folder_predictions(folder, project.corpus, project.inventory, find_no_errors)  # type: ignore[arg-type]
    return FileSuggester(predictions, annotator)


def test_files(project: Project, folder: Path) -> None:
    suggester = open_files(project, folder)
    harbour, market = (project.corpus.read_article(name) for name in ("harbour", "market"))
    assert suggester.suggest(harbour) == project.corpus.read_annotation("anna", "harbour")
    assert suggester.suggest(market) is None
    assert suggester.annotator == "anna"

    made = project.corpus.read_annotation("anna", "harbour")
    changed = msgspec.structs.replace(made, spans=made.spans[:1], relations=())
    (folder / "harbour.json").write_bytes(encode_annotation(changed))
    with pytest.raises(CannotRun, match="was changed"):
        suggester.suggest(harbour)
    again = open_files(project, folder)
    assert again.suggest(harbour) == changed
    assert again.version() != suggester.version()


class Model:
    """A suggester that asks a scripted endpoint."""

    def __init__(self, project: Project, server: ChatServer, budget: Budget, endpoint: Endpoint) -> None:
        self.project, self.server, self.budget, self.endpoint = project, server, budget, endpoint

    def open(self, **parameters: float) -> ModelSuggester:
        settings = ModelParameters(**parameters)  # type: ignore[arg-type]
        client = ChatClient(self.endpoint, MODEL, settings, before_attempt=self.budget.count_attempt, delays=())
        with open_ledger(self.endpoint, MODEL, settings) as ledger:
            return ModelSuggester(
                lambda: ModelSession(client, ledger, self.budget),
                client,
                FirstWordMethod(self.project.inventory),
                "test-model",
                2,
            )


def open_model(project: Project, server: ChatServer, monkeypatch: pytest.MonkeyPatch, most: int | None = None) -> Model:
    monkeypatch.setenv("XDG_DATA_HOME", str(project.root / "data"))
    return Model(project, server, Budget(most), resolve_endpoint(server.url, environ={}))


def test_a_model(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    article = project.corpus.read_article("harbour")
    with serve_chat() as server:
        model = open_model(project, server, monkeypatch)
        suggester = model.open(temperature=0)
        made = suggester.suggest(article)
        assert isinstance(made, Annotation)
        assert (made.annotator, [span.text for span in made.spans]) == ("test-model", ["The", "At"])
        sent = len(server.asked)
        assert model.open(temperature=0).suggest(article) == made
        assert len(server.asked) == sent, "the answers are kept"
        assert suggester.version() == model.open(temperature=0).version() != model.open(temperature=1).version()


def test_a_model_is_asked_again_after_a_while(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    article = project.corpus.read_article("harbour")
    answers: Sequence[Reply] = [error(400, "no such model")]
    with serve_chat() as server:

        def fail(asked: Asked) -> Reply:
            return answers[0]

        server.script = fail
        suggester = open_model(project, server, monkeypatch).open()
        with pytest.raises(CannotRun):
            suggester.suggest(article)
        server.script = first_words
        with pytest.raises(CannotRun):
            suggester.suggest(article)
        monkeypatch.setattr(model_suggester, "RECOVERY", 0.0)
        assert suggester.suggest(article) is not None


def test_a_limit_is_final(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_suggester, "RECOVERY", 0.0)
    with serve_chat() as server:
        suggester = open_model(project, server, monkeypatch, 1).open()
        for _ in range(4):
            with pytest.raises(BudgetReached):
                suggester.suggest(project.corpus.read_article("harbour"))
        assert len(server.asked) == 1
