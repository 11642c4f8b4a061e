"""Output of figures: what readers did with each post, by age."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from publisher.base import formats
from publisher.base.i18n import _, later
from publisher.channels.registry import spec_of
from publisher.cli.output import console, listing
from publisher.ledger.reading.engagement import ReadCounts
from publisher.model.deliveries import Delivery
from publisher.model.engagement import NAMES, Age, Metric

_AGES = {
    Age.HOUR: later("after an hour"),
    Age.DAY: later("after a day"),
    Age.WEEK: later("after a week"),
}


def print_figures(counted: Sequence[tuple[Delivery, Mapping[Age, ReadCounts]]]) -> None:
    """Print the figures of each delivery, one line for each age."""
    for delivery, counts in counted:
        console.print_line(console.paint(f"{delivery.post}  {delivery.account}", "bold"))
        table = listing.Listing(("", ""), [max(len(_(name)) for name in _AGES.values())])
        for age, read in counts.items():
            table.add_row(Text(_(_AGES[age])), _in_words(delivery, read))
        table.print()


def _in_words(delivery: Delivery, read: ReadCounts) -> str:
    if read.engagement.is_gone:
        return _("the platform no longer showed the post")
    source = spec_of(delivery.channel).metrics
    told = []
    for metric in Metric:
        count = read.engagement.counts.get(metric)
        if count is not None:
            told.append(_("{name}: {value}", name=_(NAMES[metric]), value=formats.number(count)))
        elif source and metric in source.gives:
            told.append(_("{name}: {value}", name=_(NAMES[metric]), value=_("not given")))
    return ", ".join(told)
