"""The questions of two checklists for data sets, in our own words, and the facts of a corpus that answer each.

The first is the responsible-NLP checklist of ACL Rolling Review (https://aclrollingreview.org/responsibleNLPresearch/),
without A3 and part C, which are about the paper. The second is Gebru et al., "Datasheets for Datasets" (Communications
of the ACM 64, 2021, https://doi.org/10.1145/3458723).
"""

from typing import NamedTuple

ARR, DATASHEET = "Responsible NLP checklist (ACL Rolling Review)", "Datasheet (Gebru et al., 2021)"


class Question(NamedTuple):
    """A question of a checklist.

    Attributes:
        item: Its number in the checklist, or the part of the datasheet.
        words: The question, in short.
        facts: Names of the facts that answer it; a fact that is missing is a gap.
    """

    item: str
    words: str
    facts: tuple[str, ...]


CHECKLISTS: dict[str, tuple[Question, ...]] = {
    ARR: (
        Question("A1", "What are the limitations?", ("limits",)),
        Question("A2", "What risks does its use have?", ("unsuitable_uses",)),
        Question("B1", "Who made the data, and how are they cited?", ("creators",)),
        Question("B2", "Under which licence and terms may it be used?", ("licence", "rights")),
        Question("B3", "Which uses is it meant for?", ("intended_uses", "unsuitable_uses")),
        Question("B4", "Does it identify or offend people, and what was done about it?", ("sensitive_content",)),
        Question("B5", "Which languages, domains and people does it cover?", ("language_variety", "speakers")),
        Question("B6", "How large are the data and their splits?", ("size", "splits")),
        Question("D1", "Which instructions had the annotators?", ("instructions",)),
        Question("D2", "How were annotators found and paid?", ("recruitment",)),
        Question("D3", "How did people consent to the use of their data?", ("consent",)),
        Question("D4", "Did an ethics board review it?", ("ethics",)),
        Question("D5", "Who are the annotators?", ("annotators", "annotator_list")),
        Question("E1", "Were language models used, and for what?", ("models",)),
    ),
    DATASHEET: (
        Question("Motivation", "For what purpose was it made?", ("curation_rationale",)),
        Question("Motivation", "Who made it?", ("creators",)),
        Question("Motivation", "Who paid for it?", ("funding",)),
        Question("Composition", "What does an instance represent, and how many are there?", ("size",)),
        Question("Composition", "Is it a sample, and of what?", ("curation_rationale",)),
        Question("Composition", "What do the texts consist of?", ("text_characteristics", "language_variety")),
        Question("Composition", "Which labels does an instance have?", ("labels",)),
        Question("Composition", "Is anything missing?", ("left_out",)),
        Question("Composition", "Are relations between instances explicit?", ("links",)),
        Question("Composition", "Which splits are recommended, and why?", ("splits",)),
        Question("Composition", "How reliable are the labels?", ("agreement", "limits")),
        Question("Composition", "Is it self-contained?", ("sources",)),
        Question("Composition", "Is anything confidential, offensive, or about people?", ("sensitive_content",)),
        Question("Collection", "How, when and where did the texts arise?", ("situation", "speakers")),
        Question("Collection", "Over which time was it labelled?", ("period",)),
        Question("Collection", "Who collected and labelled it, and how were they paid?", ("annotators", "recruitment")),
        Question("Collection", "Was there an ethical review?", ("ethics",)),
        Question("Collection", "Did the people concerned consent?", ("consent",)),
        Question("Labelling", "How were the data cleaned and labelled?", ("process", "instructions")),
        Question("Labelling", "Are the raw data kept?", ("sources",)),
        Question("Uses", "What is it for, and what should it not be used for?", ("intended_uses", "unsuitable_uses")),
        Question("Distribution", "Where is it distributed, and how is it cited?", ("repository",)),
        Question("Distribution", "Under which licence, and whose rights are in it?", ("licence", "rights")),
        Question("Maintenance", "Who maintains it, and how are they reached?", ("maintenance", "contact")),
        Question("Maintenance", "How does a person have something removed?", ("takedown",)),
        Question("Maintenance", "Which version is this?", ("version",)),
    ),
}
