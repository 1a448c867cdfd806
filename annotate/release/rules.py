"""The rules of releases, in the order in which they are asked."""

from annotate.findings import Rule
from annotate.release.built import RULES as OF_BUILT
from annotate.release.contents import RULES as OF_CONTENTS
from annotate.release.history import RULES as OF_HISTORY
from annotate.release.versions import RULES as OF_VERSIONS

RULES: tuple[Rule, ...] = (*OF_VERSIONS, *OF_HISTORY, *OF_CONTENTS, *OF_BUILT)
