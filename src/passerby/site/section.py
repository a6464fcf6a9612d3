"""What every table of `site.toml` is: frozen, unknown keys refused, its fields' docstrings are their descriptions."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True, allow_inf_nan=False)
