"""Finding, extending and refusing cards."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from mgld_bench.cards.loader import list_cards, load_card, load_dataset, load_method, load_protocol, load_report
from mgld_bench.cards.schemas import MethodCard
from mgld_bench.errors import InputError
from mgld_bench.restoring.loading import parse_options

METHOD = "name: {name}\nrestorer: mgld_bench.methods.bicubic:Bicubic\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A card folder that is also the current folder, so that messages print short paths."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MGLD_BENCH_CARDS", raising=False)
    return tmp_path


def write(folder: Path, file: str, text: str) -> Path:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def message(name: str, folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_card(name, search=[folder])
    text = str(caught.value)
    assert "\n" not in text
    return text


WRONG = [
    (
        "an unknown field",
        "name: x\nrestorer: a:B\nweights:\n  network:\n    fil: y.pth\n",
        'x.yaml:5: weights.network.fil: unknown field; did you mean file?',
    ),
    (
        "an unknown field at the top",
        "name: x\nrestorer: a:B\noption: {}\n",
        'x.yaml:3: option: unknown field; did you mean options?',
    ),
    (
        "an unknown field like no other",
        "name: x\nrestorer: a:B\npublication:\n  zzzz: 1\n",
        "x.yaml:4: publication.zzzz: unknown field; known here: cite, license, parameters, trained_on, url",
    ),
    ("a missing field", "name: x\nweights: {}\n", "x.yaml:1: restorer: is missing"),
    ("a missing name", "restorer: a:B\n", "x.yaml:1: name: is missing"),
    ("another name", "name: y\nrestorer: a:B\n", 'x.yaml:1: name: must be "x", the name of its file, not "y"'),
    (
        "a number for text",
        "name: x\nrestorer: a:B\ntitle: 7\n",
        'x.yaml:3: title: YAML reads 7 as a number; put it in quotes: "7"',
    ),
    (
        "a truth for text",
        "name: x\nrestorer: a:B\ntitle: no\n",
        'x.yaml:3: title: YAML reads no as true or false; put it in quotes: "no"',
    ),
    (
        "text for a mapping",
        "name: x\nrestorer: a:B\noptions: tile\n",
        'x.yaml:3: options: should be an object, not "tile"',
    ),
    (
        "text for a number",
        "name: x\nrestorer: a:B\nweights: {network: {file: y, size: '5'}}\n",
        'x.yaml:3: weights.network.size: should be a valid integer, not "5"',
    ),
    ("a key twice", "name: x\nrestorer: a:B\nname: x\n", "x.yaml:3: name: appears twice (first in line 1)"),
    (
        "an alias",
        "name: x\nrestorer: a:B\noptions: &o {}\nweights: *o\n",
        "x.yaml:3: YAML aliases are not supported in cards; use extends, or repeat the value",
    ),
    ("no number", "name: x\nrestorer: a:B\noptions: {tile: .nan}\n", "x.yaml:3: .nan: numbers in cards must be finite"),
    (
        "more than any database holds",
        f"name: x\nrestorer: a:B\noptions: {{tile: 0x{'f' * 4000}}}\n",
        f"x.yaml:3: 0x{'f' * 38}: this whole number is too large for a card",
    ),
    (
        "NUL",
        'name: x\nrestorer: a:B\nweights: {network: {file: "a\\0b"}}\n',
        "x.yaml:3: a\\x00b: text in cards cannot contain control characters",
    ),
    ("no end", "name: x\nrestorer: a:B\noptions: {tile: -.inf}\n", "x.yaml:3: -.inf: numbers in cards must be finite"),
    ("a tag", "name: !mine x\n", "x.yaml:1: YAML tag !mine is not supported in cards"),
    ("no mapping", "- x\n", "x.yaml: a card is a mapping of fields, e.g. name: my-card"),
    ("nothing", "", "x.yaml: a card is a mapping of fields, e.g. name: my-card"),
    ("no YAML", "name: x\nrestorer: [a\n", "x.yaml:3: not YAML: expected ',' or ']', but got '<stream end>'"),
    ("a tab", "name: x\n\trestorer: a\n", "x.yaml:2: not YAML: found character '\\t' that cannot start any token"),
    ("no base", "name: x\nextends: bicubik\n", 'x.yaml:2: extends: there is no method "bicubik"; did you mean bicubic?'),
    ("a base that is no name", "name: x\nextends: [bicubic]\n", "x.yaml:2: extends: must be the name of a card"),
    ("itself", "name: x\nextends: x\n", "x.yaml:2: extends: the cards extend each other in a circle: x -> x"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_is_wrong_is_one_line_with_file_line_and_field(folder: Path, text: str, expected: str) -> None:
    write(folder, "baselines/x.yaml", text)
    assert message("x", folder) == f"baselines/{expected}"


@pytest.mark.parametrize(
    ("written", "kind"), [("011", "a number"), ("000", "a number"), ("1.5", "a number"), ("on", "true or false")]
)
def test_clip_names_that_yaml_reads_as_something_else(folder: Path, written: str, kind: str) -> None:
    write(
        folder,
        "datasets/x.yaml",
        f"name: x\nlayouts: [{{name: a, ground_truth: '{{clip}}'}}]\nclips:\n  - name: a\n  - name: {written}\n",
    )
    assert (
        message("x", folder) == f'datasets/x.yaml:5: clips[1].name: YAML reads {written} as {kind}; put it in quotes: "{written}"'
    )


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "a\\\\b"])
def test_a_clip_s_name_is_no_path(folder: Path, name: str) -> None:
    write(folder, "datasets/x.yaml", f'name: x\nlayouts: [{{name: a, ground_truth: "{{clip}}"}}]\nclips:\n  - name: "{name}"\n')
    assert message("x", folder).startswith("datasets/x.yaml:4: clips[0].name: ")


def test_dates_are_text(folder: Path) -> None:
    write(folder, "baselines/x.yaml", METHOD.format(name="x") + "title: 2024-01-01\n")
    assert load_card("x", search=[folder]).title == "2024-01-01"


def test_unreadable_files(folder: Path) -> None:
    (folder / "baselines").mkdir()
    (folder / "baselines" / "x.yaml").write_bytes(b"name: \xff\xfe\n")
    assert message("x", folder) == "baselines/x.yaml: not UTF-8 text (byte 6)"
    (folder / "baselines" / "x.yaml").write_bytes(b"name: \x07\n")
    assert message("x", folder) == "baselines/x.yaml: not YAML: special characters are not allowed (character 6)"
    (folder / "baselines" / "x.yaml").write_text("name: " + "[" * 5000)
    assert message("x", folder) == "baselines/x.yaml: not a card: nested too deeply"


def test_a_card_extends_another(folder: Path) -> None:
    write(folder, "mine.yaml", "name: mine\nextends: realesrgan\noptions: {tile: 64}\n")
    base, mine = load_method("realesrgan"), load_method("mine", [folder])
    assert mine.options == {**base.options, "tile": 64}
    assert mine.weights == base.weights
    assert mine.publication == base.publication
    assert mine.heading == "mine"


def test_extending_a_card_that_extends_another(folder: Path) -> None:
    write(folder, "a.yaml", "name: a\nextends: realesrgan\noptions: {tile: 64}\n")
    write(folder, "b.yaml", "name: b\nextends: a\noptions: {tile_pad: 4}\n")
    assert load_method("b", [folder]).options == {"tile": 64, "tile_pad": 4, "pre_pad": 0}


def test_another_weight_file_inherits_no_digest(folder: Path) -> None:
    write(folder, "mine.yaml", "name: mine\nextends: bsrgan\nweights: {network: {file: /data/step_1000.pth}}\n")
    weight = load_method("mine", [folder]).weights["network"]
    assert (weight.file, weight.sha256, weight.url, weight.size) == ("/data/step_1000.pth", "", (), None)


def test_a_null_takes_away_what_is_inherited(folder: Path) -> None:
    write(folder, "datasets/given.yaml", "name: given\nextends: reds4\ndegradation: null\n")
    assert load_dataset("given", [folder]).degradation is None


def test_a_wrong_value_is_shown_where_it_was_written(folder: Path) -> None:
    write(folder, "a.yaml", "name: a\nextends: realesrgan\npublication:\n  cite: 5\n")
    write(folder, "b.yaml", "name: b\nextends: a\ntitle: B\n")
    assert message("b", folder) == 'a.yaml:4: publication.cite: YAML reads 5 as a number; put it in quotes: "5"'


def test_circles_through_several_files(folder: Path) -> None:
    write(folder, "baselines/a.yaml", "name: a\nextends: b\n")
    write(folder, "baselines/b.yaml", "name: b\nextends: c\n")
    write(folder, "baselines/c.yaml", "name: c\nextends: a\n")
    assert "in a circle: a -> b -> c -> a" in message("a", folder)
    for name in "abc":
        (folder / "baselines" / f"{name}.yaml").rename(folder / f"{name}.yaml")
    assert "in a circle" in message("a", folder)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("restorer: a:B\n", "method"),
        ("layouts: [{name: a, ground_truth: '{clip}'}]\n", "dataset"),
        ("profile: mgld\n", "degradation"),
        ("metrics: {psnr: psnr.rgb}\nassumed: []\n", "protocol"),
        ("protocol: smoke\ndatasets: [{name: demo, metrics: [psnr]}]\nmethods: [bicubic]\n", "report"),
        ("extends: table1\n", "report"),
        ("extends: reds4\n", "dataset"),
        ("extends: demo\nmethods: [bicubic]\n", "report"),
        ("extends: demo\nclip_count: 2\n", "dataset"),
    ],
)
def test_the_kind_of_a_card_that_lies_in_no_folder_of_a_kind(folder: Path, text: str, kind: str) -> None:
    write(folder, "x.yaml", f"name: x\n{text}")
    assert [entry.kind for entry in list_cards(search=[folder]) if entry.name == "x"] == [kind]
    assert load_card("x", search=[folder]) == load_card(str(folder / "x.yaml"), search=[folder])


@pytest.mark.parametrize("text", ["title: X\n", "extends: demo\ntitle: X\n"])
def test_a_card_of_no_certain_kind(folder: Path, text: str) -> None:
    write(folder, "x.yaml", f"name: x\n{text}")
    assert message("x", folder).startswith("x.yaml: the fields do not show what kind of card this is; move it to one of datasets")


def test_one_name_means_one_card(folder: Path) -> None:
    write(folder, "bicubic.yaml", METHOD.format(name="bicubic"))
    with pytest.raises(
        InputError, match=r'bicubic\.yaml: bicubic\.yaml is a method card named "bicubic" too; rename one of them'
    ):
        load_method("bicubic", [folder])
    with pytest.raises(InputError, match="rename one of them"):
        list_cards("method", [folder])
    write(folder, "x.yaml", METHOD.format(name="x"))
    write(folder, "x.yml", METHOD.format(name="x"))
    assert message("x", folder) == 'x.yml: x.yaml is a method card named "x" too; rename one of them'


def test_the_same_folder_named_twice_is_one_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "x.yaml", METHOD.format(name="x"))
    monkeypatch.setenv("MGLD_BENCH_CARDS", str(folder))
    assert load_method("x", [folder, folder / ".." / folder.name]).name == "x"


def test_the_environment_names_folders(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "one/x.yaml", METHOD.format(name="x"))
    write(folder, "two/baselines/y.yaml", "name: y\nextends: x\n")
    monkeypatch.setenv("MGLD_BENCH_CARDS", f"{folder / 'one'}:{folder / 'two'}")
    assert load_method("y").restorer == load_method("x").restorer
    monkeypatch.setenv("MGLD_BENCH_CARDS", "nowhere")
    with pytest.raises(InputError, match=r"^\$MGLD_BENCH_CARDS: nowhere is not a folder$"):
        load_method("bicubic")
    monkeypatch.delenv("MGLD_BENCH_CARDS")
    with pytest.raises(InputError, match=r"^--cards: nowhere is not a folder$"):
        load_method("bicubic", [Path("nowhere")])


def test_unknown_names(folder: Path) -> None:
    assert message("bicubik", folder) == 'there is no card "bicubik"; did you mean bicubic?'
    with pytest.raises(InputError, match=r'^there is no method "reds4"; "reds4" is a dataset$'):
        load_method("reds4")
    with pytest.raises(InputError, match=r'^there is no method "zzz"; see mgld-bench list methods$'):
        load_method("zzz")
    with pytest.raises(InputError, match=r"^nowhere/x\.yaml: no such card file$"):
        load_card("nowhere/x.yaml")
    with pytest.raises(InputError, match=r'^"demo" is a dataset and a report card: name the kind, or give the path of the file$'):
        load_card("demo")


def test_a_path_of_another_kind(folder: Path) -> None:
    path = write(folder, "baselines/x.yaml", METHOD.format(name="x"))
    with pytest.raises(InputError, match=r"^baselines/x\.yaml: this is a method card, but a dataset card is needed here$"):
        load_card(str(path), "dataset", [folder])


def test_published_values_lie_beside_the_card_that_names_them(folder: Path) -> None:
    report = "name: mine\nextends: table1\npublished: {file: mine.csv}\n"
    write(folder, "reports/mine.yaml", report)
    assert message("mine", folder).startswith("reports/mine.yaml:3: published.file: ")
    values = write(folder, "reports/mine.csv", "table,dataset,method,metric,value\n")
    write(folder, "reports/heir.yaml", "name: heir\nextends: mine\n")
    for name in ("mine", "heir"):
        published = load_report(name, [folder]).published
        assert published is not None
        assert published.file == str(values)


def test_a_report_may_name_methods_without_a_card(folder: Path) -> None:
    write(folder, "x.yaml", "name: x\nextends: table1\nmethods: [bicubic, not-there-yet]\n")
    assert load_report("x", [folder]).methods == ("bicubic", "not-there-yet")


def test_a_card_is_the_same_wherever_it_was_written(folder: Path) -> None:
    write(folder, "x.yaml", METHOD.format(name="x"))
    loaded = load_method("x", [folder])
    made = MethodCard(name="x", restorer="mgld_bench.methods.bicubic:Bicubic")
    assert loaded == made
    assert hash(loaded) == hash(made)
    assert loaded != made.model_copy(update={"notes": "n"})
    assert pickle.loads(pickle.dumps(loaded)) == loaded


def test_files_that_are_no_cards_are_left_alone(folder: Path) -> None:
    write(folder, ".hidden.yaml", "a: b\n")
    write(folder, "notes.txt", "hello\n")
    write(folder, "x.yaml", METHOD.format(name="x"))
    assert "x" in {entry.name for entry in list_cards(search=[folder])}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("tiel: 4", "x.yaml:4: options.tiel: unknown field; did you mean tile?"),
        ("tile: four", 'x.yaml:4: options.tile: should be a valid integer, not "four"'),
        ("tile: -1", "x.yaml:4: options.tile: should be greater than or equal to 0, not -1"),
    ],
)
def test_errors_in_options_name_file_and_line(folder: Path, options: str, expected: str) -> None:
    write(folder, "x.yaml", f"name: x\nextends: realesrgan\noptions:\n  {options}\n")
    card = load_method("x", [folder])
    with pytest.raises(InputError) as caught:
        parse_options(card)
    assert str(caught.value) == expected
    with pytest.raises(InputError, match=r"^method x: options\.steps: unknown field; known here: pre_pad, tile, tile_pad$"):
        parse_options(card.model_copy(update={"options": {"steps": 4}}))


def test_options_that_a_user_has_to_give(folder: Path) -> None:
    with pytest.raises(InputError, match=r"results\.yaml:[0-9]+: options\.folder: name the folder of the finished"):
        parse_options(load_method("results"))


def test_a_protocol_of_version_0_1_still_opens(folder: Path) -> None:
    write(folder, "x.yaml", "name: x\nmetrics: {psnr: psnr.rgb}\naveraging: clips\n")
    protocol = load_protocol("x", [folder])
    assert protocol.resolve("psnr") == "psnr.rgb"
    assert protocol.resolve("ssim.rgb") == "ssim.rgb"
    write(folder, "y.yaml", "name: y\nextends: x\naveraging: frames\n")
    assert message("y", folder) == "y.yaml:3: averaging: this field has no effect and only accepts clips; remove it"


@pytest.mark.parametrize("text", ["\\e[31mred", "\\a", "\\x7f", "\\u009b31m", "\\u202egnp.exe", "a\\0b", "\\r"])
def test_text_that_acts_on_a_terminal_is_no_text_of_a_card(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    for line in (f'title: "{text}"', f'attributes: {{"{text}": true}}'):
        path.write_text(f"name: mine\nextends: bicubic\n{line}\n")
        with pytest.raises(InputError, match=r"mine\.yaml:3: .*: text in cards cannot contain control characters") as caught:
            load_card(str(path), "method")
        assert str(caught.value).isprintable()
