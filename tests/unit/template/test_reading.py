import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.cfn.intrinsics import LONG_FORMS
from sealift.errors import TemplateError
from sealift.model.template import Json
from sealift.template.reading import parse, read


def body(text: str) -> Json:
    return parse(text, "template.yaml").body


def refusal(text: str, file: str = "template.yaml") -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        parse(text, file)
    return caught.value


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref Table", {"Ref": "Table"}),
        ("!Condition IsProd", {"Condition": "IsProd"}),
        ("!GetAtt Table.Arn", {"Fn::GetAtt": ["Table", "Arn"]}),
        ("!GetAtt Nested.Outputs.Url", {"Fn::GetAtt": ["Nested", "Outputs.Url"]}),
        ("!GetAtt [Table, Arn]", {"Fn::GetAtt": ["Table", "Arn"]}),
        ("!Sub '${A}-b'", {"Fn::Sub": "${A}-b"}),
        ("!Sub ['${A}', {A: !Ref B}]", {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]}),
        ("!If [C, !Ref A, !Sub b]", {"Fn::If": ["C", {"Ref": "A"}, {"Fn::Sub": "b"}]}),
        ("!Join [',', [a, b]]", {"Fn::Join": [",", ["a", "b"]]}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!Select [0, !GetAZs us-east-1]", {"Fn::Select": [0, {"Fn::GetAZs": "us-east-1"}]}),
        ("!Not [!Equals [a, b]]", {"Fn::Not": [{"Fn::Equals": ["a", "b"]}]}),
        ("!FindInMap [M, a, b]", {"Fn::FindInMap": ["M", "a", "b"]}),
        ("!ImportValue shared", {"Fn::ImportValue": "shared"}),
        ("!Base64 text", {"Fn::Base64": "text"}),
        ("!Transform {Name: AWS::Include}", {"Fn::Transform": {"Name": "AWS::Include"}}),
        ("!Length [a]", {"Fn::Length": ["a"]}),
        ("!ToJsonString {a: 1}", {"Fn::ToJsonString": {"a": 1}}),
    ],
)
def test_a_short_form_becomes_its_long_form(short: str, long: Json) -> None:
    assert body(f"A: {short}") == {"A": long}


def test_an_unknown_tag_is_refused_with_its_place_and_the_nearest_name() -> None:
    error = refusal("A: 1\nB:\n  C: !GetAttr x.y\n")
    assert error.code == "template-tag"
    assert error.message.startswith(
        'template.yaml:3:6: !GetAttr is not an intrinsic function (did you mean "!GetAtt"?)'
    )
    assert "  3 |   C: !GetAttr x.y" in error.message
    assert error.context == {"file": "template.yaml", "line": 3, "column": 6}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-7", -7),
        ("1_000", 1000),
        ("0x1F", 31),
        ("010", 8),
        ("012345678901", "012345678901"),
        ("1.5", 1.5),
        ("12:30", "12:30"),
        ("2012-10-17", "2012-10-17"),
        ("2001-01-01T00:00:00Z", "2001-01-01T00:00:00Z"),
        (".inf", ".inf"),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("python3.12", "python3.12"),
    ],
)
def test_scalars_are_read_as_cloudformation_reads_them(text: str, value: Json) -> None:
    found = body(f"A: {text}")
    assert found == {"A": value}
    assert isinstance(found, dict)
    assert type(found["A"]) is type(value)


def test_keys_are_text_whatever_they_look_like() -> None:
    assert body("200: a\ntrue: b\n012345678901: c\non: d") == {
        "200": "a", "true": "b", "012345678901": "c", "on": "d",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["A: 1\nB: 2\nA: 3\n", '{"A": 1,\n"B": 2,\n"A": 3}', "200: a\nB: 1\n'200': b"])
def test_a_key_that_is_there_twice_is_refused_with_both_lines(text: str) -> None:
    error = refusal(text)
    assert error.code == "template-duplicate-key"
    assert error.context["line"] == 3
    assert "here and in line 1" in error.message


def test_anchors_and_merge_keys_are_expanded_and_the_own_key_wins() -> None:
    text = "A: &a {x: 1, y: 2}\nB: *a\nC:\n  <<: *a\n  y: 3\nD:\n  <<: [{z: 1}, *a]\n"
    assert body(text) == {
        "A": {"x": 1, "y": 2}, "B": {"x": 1, "y": 2}, "C": {"y": 3, "x": 1}, "D": {"z": 1, "x": 1, "y": 2},
    }  # fmt: skip


def test_an_alias_that_holds_itself_is_refused() -> None:
    assert refusal("A: &a\n  B: *a\n").code == "template-syntax"


def test_aliases_of_aliases_do_not_fill_the_memory() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "expands without end" in refusal("\n".join(rows)).message


@pytest.mark.parametrize("text", ["[" * 300 + "]" * 300, '{"a":' * 300 + "1" + "}" * 300, '{"a":' * 90000 + "1"])
def test_what_is_nested_without_end_is_refused_and_not_a_crash(text: str) -> None:
    assert refusal(text).code in ("template-depth", "template-syntax")


def test_broken_yaml_names_file_line_column_and_shows_the_line() -> None:
    error = refusal("Resources:\n  A:\n    Type: x\n   B: y\n")
    assert error.code == "template-syntax"
    assert error.message.startswith("template.yaml:4:4: ")
    assert "\n  4 |    B: y\n" in error.message
    assert error.message.endswith("^")
    assert error.message.splitlines()[-1].index("^") == len("  4 | ") + 3


def test_a_tab_as_indentation_gets_the_advice_to_use_spaces() -> None:
    assert "never tabs" in refusal("Resources:\n\tA: 1\n").hint


def test_broken_json_names_the_place_json_broke_at() -> None:
    error = refusal('{\n  "A": 1,\n  "B" 2\n}', "template.json")
    assert error.message.startswith("template.json:3:7: Expecting ':' delimiter")


def test_json_indented_with_tabs_keeps_its_lines() -> None:
    document = parse('{\n\t"A": {\n\t\t"B": "x"\n\t}\n}', "template.json")
    assert document.body == {"A": {"B": "x"}}
    assert document.lines[("A", "B")] == 3


def test_json_that_is_no_yaml_is_still_json() -> None:
    assert body('{"A": "\\ud83d\\ude00"}') == {"A": "😀"}


def test_a_file_that_begins_with_a_brace_may_be_yaml() -> None:
    assert body("{A: !Ref B}") == {"A": {"Ref": "B"}}


def test_an_empty_file_and_two_documents_are_refused() -> None:
    assert "is empty" in refusal("# nothing\n").message
    assert refusal("A: 1\n---\nB: 2\n").context["line"] == 2


def test_every_value_has_the_line_of_its_key_or_item() -> None:
    lines = parse("A:\n  B: !Sub\n    - x\n    - {Y: 1}\n\n  C:\n    - 1\n    - D: 2\n", "t").lines
    assert lines[("A",)] == 1
    assert lines[("A", "B")] == 2
    assert lines[("A", "B", "Fn::Sub", 0)] == 3
    assert lines[("A", "B", "Fn::Sub", 1, "Y")] == 4
    assert lines[("A", "C")] == 6
    assert lines[("A", "C", 1, "D")] == 8


def test_a_file_that_is_not_there_names_the_one_that_is(tmp_path: Path) -> None:
    (tmp_path / "template.yml").write_text("A: 1")
    with pytest.raises(TemplateError) as caught:
        read(tmp_path / "template.yaml", "template.yaml")
    assert caught.value.code == "template-not-found"
    assert caught.value.hint == "there is template.yml in that folder"


def test_a_folder_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"A: \xe9\xff")
    with pytest.raises(TemplateError, match="not UTF-8"):
        read(tmp_path / "latin.yaml", "latin.yaml")
    with pytest.raises(TemplateError, match="is a folder"):
        read(tmp_path, "app")


def test_a_byte_order_mark_is_no_part_of_the_template(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_bytes(b"\xef\xbb\xbfA: 1")
    assert read(tmp_path / "t.yaml", "t.yaml").body == {"A": 1}


texts = st.text(st.characters(max_codepoint=0x24F, exclude_categories=["Cc"]) | st.just("😀"), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | texts
values: st.SearchStrategy[Json] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(texts, inner, max_size=3)
        | st.builds(lambda name, argument: {name: argument}, st.sampled_from(sorted(LONG_FORMS.values())), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, min_size=1, max_size=3))
def test_what_is_written_as_json_is_read_back_the_same(value: dict[str, Json]) -> None:
    text = json.dumps(value)
    assert parse(text, "template.json").body == value
    assert parse("# as YAML\n" + json.dumps(value, ensure_ascii=False), "template.yaml").body == value


@given(st.text(max_size=60))
def test_any_text_is_a_document_or_a_template_error(text: str) -> None:
    with suppress(TemplateError):
        assert parse(text, "template.yaml").file == "template.yaml"


def test_reading_does_not_import_the_linter_or_the_translator(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "template.yaml").write_text("Resources: {A: {Type: AWS::SNS::Topic}}")
    script = (
        "import sys, pathlib; from sealift.template.templates import SamTemplates as T;"
        f"T().load(pathlib.Path({str(tmp_path)!r}), 'template.yaml');"
        "print([m for m in ('samtranslator', 'cfnlint', 'boto3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("half", [r"\ud800", r"\uD800x", r"\udc00", r"\udc00\ud800"])
def test_half_a_character_is_refused_at_its_line(half: str):
    refused = refusal(f'{{\n  "Description": "{half}"\n}}')
    assert (refused.code, "template.yaml:2" in refused.message) == ("template-syntax", True)
    assert body(r'{"Description": "\ud83d\ude00"}') == {"Description": "😀"}
