"""What `passerby init` works with: a camera that somebody named or that was found, before and after it was tried."""

from dataclasses import dataclass, field

from passerby.released.messages import ProbeResult


@dataclass(frozen=True, slots=True)
class Login:
    """User and password for cameras whose address has none.

    Attributes:
        user: The user's name.
        password: The password, to ask devices with.
        template: What stands for it in the file, `${NAME}`; "" = `file` does.
        file: Path of a password file as it stands in site.toml; "" = `template` does.
    """

    user: str
    password: str = field(repr=False)
    template: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A camera that could stand in the file. Holds no secret: passwords are templates already.

    Attributes:
        id: Its id, which no other offer has.
        name: Name for people; "" = none better than the id.
        source: As it will stand in the file; "" = not known, since the device gave none.
        user: User as in the file; "" = none, or in `source`.
        password: Template of the password; "" = none, or in a file.
        password_file: Path of the password file; "" = none.
        told: What was learned of it before it was opened: lines of comment.
        refused: Why it is not to be opened; "" = it is.
    """

    id: str
    name: str
    source: str
    user: str = ""
    password: str = ""
    password_file: str = ""
    told: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """An offer and what opening it gave; None = it was not to be opened."""

    offer: Offer
    probe: ProbeResult | None

    @property
    def gave_a_picture(self) -> bool:
        """Whether it will be watched."""
        return self.probe is not None and self.probe.first_picture_s is not None

    @property
    def why_not(self) -> str:
        """Why it is not watched."""
        return self.offer.refused or (self.probe.reason.value if self.probe is not None else "it was not opened")
