"""What the desk reads."""

from app.desk.services import Falls
from app.kernel.text import N_
from app.web.fields import Rate, Text
from app.web.schemas import CommandSchema


class FallsSchema(CommandSchema):
    """Falls to try out on a loan."""

    command = Falls

    price_ppm = Rate(load_default=0, title=N_("Market prices fall by"))
    value_ppm = Rate(load_default=0, title=N_("Values without a market price fall by"))


class SearchQuery(CommandSchema):
    """The words to look for."""

    q = Text(max_length=100, load_default="")
