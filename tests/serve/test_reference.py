from scripts.http_reference import PAGE, reference


def test_the_reference_of_addresses_is_what_the_application_says_of_itself() -> None:
    assert PAGE.read_text("utf-8") == reference(), "run: python -m scripts.http_reference"


def test_every_key_of_every_answer_is_explained() -> None:
    for line in reference().splitlines():
        if line.startswith("| `"):
            assert not line.endswith("|  |"), line
