"""Drafts of an inventory, made from what a project elsewhere is configured with.

A reader makes an `InventoryDraft` of one configuration: `config_reader` of a labelling config of Label Studio,
`brat_reader` of an `annotation.conf`. `render` turns a draft into the files of a corpus: inventory, map and guidelines.
What a configuration holds and an inventory cannot is counted in the draft. `project_reader` also makes articles and
annotators of a project on a server.
"""

from annotate.drafts.brat_reader import draft_from_brat
from annotate.drafts.config_reader import draft_from_config
from annotate.drafts.draft import InventoryDraft
from annotate.drafts.render import render_draft

__all__ = ["InventoryDraft", "draft_from_brat", "draft_from_config", "render_draft"]
