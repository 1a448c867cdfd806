"""`annotate studio`: Label Studio, from starting a server to pulling its labels into the corpus. One file a command."""

import click

from annotate.cli.lazy_group import Entry, LazyGroup

SECTIONS = {
    "Server": {
        "up": Entry("annotate.cli.studio.server:up", "Start a server on this machine, for this machine only."),
        "down": Entry("annotate.cli.studio.server:down", "Stop the server that `up` started; its data remain."),
        "status": Entry(
            "annotate.cli.studio.status:status",
            "Show the server, its projects, the progress of each annotator, and items that could not be taken.",
        ),
        "adopt": Entry(
            "annotate.cli.studio.adopt:adopt",
            "Copy the labels of a server from FOLDER into your data directory, and none of its logins.",
        ),
        "reset-credentials": Entry(
            "annotate.cli.studio.server:reset_credentials",
            "Renew the login, the token and the secret key of the server on this machine.",
        ),
        "config": Entry("annotate.cli.studio.config:config", "Print the labelling config of the inventory."),
    },
    "Corpus and labels": {
        "push": Entry("annotate.cli.studio.push:push", "Push articles and guidelines to the server."),
        "pull": Entry(
            "annotate.cli.studio.pull:pull",
            "Pull what was submitted into the corpus, one file for each annotator and article.",
        ),
        "restore": Entry(
            "annotate.cli.studio.restore:restore",
            "Put labels that were pulled back onto the server, as an annotation of ANNOTATOR.",
        ),
        "compare": Entry(
            "annotate.cli.studio.compare:compare",
            "Compare everything on the server with the corpus: texts, spans and relations.",
        ),
    },
    "Annotators": {
        "people": Entry(
            "annotate.cli.studio.people:people",
            "List the annotators on the server by pseudonym, with their user numbers and progress.",
        ),
        "train": Entry(
            "annotate.cli.studio.train:train",
            'Create a project for each annotator to practise in, "TITLE: training ID", and compare what they submit '
            "with gold.",
        ),
        "assign": Entry(
            "annotate.cli.studio.assign:assign",
            'Create a project for each annotator, "TITLE: ID", with the bare text and no labels.',
        ),
        "watch": Entry(
            "annotate.cli.studio.watch:watch",
            "Show annotators the findings on their labels, in Label Studio and on summary pages.",
        ),
        "suggest": Entry("annotate.cli.studio.suggest:suggest", "Suggest labels while people label, in Label Studio."),
        "quality": Entry(
            "annotate.cli.studio.quality:quality",
            "Print how well each annotator finds the labels of hidden gold articles, week by week.",
        ),
        "adjudicate": Entry(
            "annotate.cli.studio.adjudicate:adjudicate",
            'Adjudicate in Label Studio, in a project "TITLE: adjudication".',
        ),
    },
}


@click.group("studio", cls=LazyGroup, sections=SECTIONS, former={"migrate": "annotate.cli.migrate:command"})
def command() -> None:
    """Label in Label Studio: start a server, push the corpus, pull the labels.

    The commands use the server of LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY where both are set. Otherwise they use the
    server that `annotate studio up` starts on this machine.

    \b
    annotate studio up && annotate studio push
    annotate studio people add anna ben && annotate studio assign anna ben
    annotate studio status
    annotate studio pull
    annotate studio down
    """
