"""Tests of languages: they are read from the locales, and contradictions are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from socialboost.chat import callbacks, languages
from socialboost.chat.languages import SHOP, Language
from socialboost.screens.admin import broadcasts
from socialboost.screens.texts import Texts

DEFAULT = "language-name = Erste\nlanguage-codes = aa ab\nlanguage-default = yes\n"
OTHER = "language-name = Zweite\nlanguage-codes = bb *\n"
COUNTS = """
posts =
    { $count ->
        [one] { $count } пост
        [few] { $count } пости
       *[many] { $count } постів
    }
"""


def write(directory: Path, **files: str) -> Path:
    """Write `aa="…"` as aa.ftl and `aa__topic="…"` as aa/topic.ftl."""
    for name, text in files.items():
        path = directory / f"{name.replace('__', '/')}.ftl"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory


def test_a_language_is_a_file_or_a_folder(tmp_path: Path) -> None:
    found = languages.read(write(tmp_path, bb__topic=OTHER, bb__more="x = y", aa=DEFAULT))
    assert [(one.code, one.name, one.codes, one.is_default) for one in found] == [
        ("aa", "Erste", ("aa", "ab"), True),
        ("bb", "Zweite", ("bb", "*"), False),
    ]
    assert [path.name for path in found.choose("bb").files] == ["more.ftl", "topic.ftl"]


def test_each_telegram_code_gets_its_language(tmp_path: Path) -> None:
    found = languages.read(write(tmp_path, aa=DEFAULT, bb=OTHER))
    for code, chosen in (("", "aa"), (None, "aa"), ("ab", "aa"), ("AB_cd", "aa"), ("bb", "bb"), ("zz", "bb")):
        assert found.choose(code).code == chosen, code


def test_codes_without_a_language_get_the_default(tmp_path: Path) -> None:
    found = languages.read(write(tmp_path, aa=DEFAULT, bb=OTHER.replace(" *", "")))
    assert found.choose("zz") is found.for_others is found.default


def test_other_files_are_not_read_as_languages(tmp_path: Path) -> None:
    (write(tmp_path, aa=DEFAULT) / "__pycache__").mkdir()
    (tmp_path / "notes.txt").touch()
    assert languages.read(tmp_path).codes == ("aa",)


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"bb": OTHER}, r"language-default = yes, not \[\]"),
        ({"aa": DEFAULT, "bb": OTHER + "language-default = yes"}, r"not \['aa', 'bb'\]"),
        ({"aa": DEFAULT, "bb": OTHER.replace("*", "ab")}, r"\['ab'\] stand in more than one language"),
        ({"aa": DEFAULT, "bb": "language-name = Zweite"}, r"bb\.ftl: a language"),
        ({"aa": DEFAULT, "bb": "language-codes = bb"}, r"bb\.ftl: a language"),
        ({"aa": DEFAULT, "bb": OTHER.replace("bb", "cc")}, r"bb\.ftl: a language"),
        ({"aa": DEFAULT, "bb__topic": OTHER.replace("*", "b-b")}, r"topic\.ftl: a language"),
        ({"aa": DEFAULT, "pt-br": OTHER.replace("bb", "pt-br")}, r"pt-br\.ftl: a language"),
    ],
)
def test_contradicting_language_files_are_refused(
    tmp_path: Path, files: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        languages.read(write(tmp_path, **files))


def test_a_text_that_a_language_lacks_is_said_in_the_default_one(tmp_path: Path) -> None:
    default = DEFAULT.replace("aa", "uk") + COUNTS + "left = лишилося { posts }\nboth = обидві\n"
    found = languages.read(
        write(tmp_path, uk=default, en="language-name = E\nlanguage-codes = en *\nboth = both\n")
    )
    english = Texts(found.choose("en"), Texts(found.default))
    assert english.html("both") == "both"
    assert english.html("posts", count=2) == "2 пости", "by the plural rules of the language it is in"
    assert english.html("left", count=5) == "лишилося 5 постів"
    assert english.has("left")
    assert not english.has("neither")
    with pytest.raises(KeyError):
        english.html("neither")


def test_a_text_may_be_made_of_one_that_its_language_lacks(tmp_path: Path) -> None:
    files = {"aa": DEFAULT + "part = Teil\n", "bb": OTHER + "whole = whole { part }\n"}
    found = languages.read(write(tmp_path, **files))
    assert Texts(found.choose("bb"), Texts(found.default)).html("whole") == "whole Teil"


@pytest.mark.parametrize("language", list(SHOP), ids=lambda language: language.code)
def test_every_language_is_a_segment_of_broadcasts(language: Language) -> None:
    segment = callbacks.LANGUAGE_PREFIX + language.code
    assert segment in callbacks.BROADCAST_SEGMENTS
    labels = [button.text for row in broadcasts.segments("id", "en").keyboard for button in row]
    assert f"Language: {language.name}" in labels


def test_a_broadcast_to_a_language_that_is_gone_is_still_shown() -> None:
    row = {"broadcast_id": "id", "segment": "language_zz", "audience": 3}
    assert "Language: zz" in broadcasts.confirmation(row, 25, "en").text
