"""Files are built as platforms demand, and the validators here bite."""

from __future__ import annotations

import io
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from shapecalc.cli import main
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.exports.moodle import moodle_pool, moodle_xml
from shapecalc.homework.exports.qti import qti
from shapecalc.homework.exports.questions import blanks_of
from shapecalc.homework.variants.draw import homework_of
from shapecalc.homework.variants.variant_list import parse_variants
from shapecalc.spec.find import find, find_file
from tests.runner import runner

sys.path.insert(0, str(Path(__file__).parent))

from quiz import blanks_of_moodle, play
from schemas import CODERUNNER, GRADESCOPE, PRAIRIELEARN, wrong_with_moodle, wrong_with_qti

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.homework.assignment.model import Homework

    Make = Callable[..., Homework]

PACKAGE = "{http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1}"


@pytest.mark.parametrize("per", ["layer", "cell"])
def test_moodle_xml_has_the_elements_that_moodle_wants(made: Make, per: str) -> None:
    assert list(wrong_with_moodle(moodle_xml(made(), per=per))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('fraction="100"', 'fraction="99"'),
        ("<tolerance>0</tolerance>", ""),
        ("<text>*</text>", "<text>1</text>"),
        ("<name>", "<title>"),
        ("numerical", "number"),
        ("$course$/", ""),
        ("<hidden>0</hidden>", ""),
        ("<text>1824</text>", "<text>1,824</text>"),
        ('<?xml version="1.0" encoding="UTF-8"?>', ""),
    ],
)
def test_the_validator_of_moodle_bites(made: Make, old: str, new: str) -> None:
    text = moodle_xml(made(), per="cell")
    assert old in text
    broken = text.replace(old, new).replace(
        "</name>", "</title>" if "<title>" in new else "</name>"
    )
    assert list(wrong_with_moodle(broken.strip()))


def files_of(package: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(package)) as zipped:
        assert zipped.testzip() is None
        return {name: zipped.read(name).decode() for name in zipped.namelist()}


def test_a_package_of_qti_holds_what_its_manifest_says(made: Make) -> None:
    homework = made()
    files = files_of(qti(homework))
    manifest = ET.fromstring(files["imsmanifest.xml"])
    assert next(iter(files)) == "imsmanifest.xml"
    assert manifest.findtext(f"{PACKAGE}metadata/{PACKAGE}schema") == "IMS Content"
    quiz, meta = manifest.findall(f"{PACKAGE}resources/{PACKAGE}resource")
    assert quiz.get("type") == "imsqti_xmlv1p2"
    assert meta.get("type") == "associatedcontent/imscc_xmlv1p1/learning-application-resource"
    hrefs = [element.get("href") for element in manifest.iter(f"{PACKAGE}file")]
    assert set(hrefs) == set(files) - {"imsmanifest.xml"}
    (needs,) = quiz.findall(f"{PACKAGE}dependency")
    assert needs.get("identifierref") == meta.get("identifier")
    folder = quiz.get("identifier")
    assert hrefs == [f"{folder}/{folder}.xml", f"{folder}/assessment_meta.xml"]
    assert list(wrong_with_qti(files[f"{folder}/{folder}.xml"])) == []
    settings = ET.fromstring(files[f"{folder}/assessment_meta.xml"])
    texts = {setting.tag.partition("}")[2]: setting.text for setting in settings}
    assert texts["title"] == homework.title
    assert texts["points_possible"] == "19"
    assert texts["show_correct_answers"] == "false"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("slip1_fb", "slip2_fb"),
        ("slip1_fb", "wrong1_fb"),
        ('respident="response1"', ""),
        ("<other />", ""),
        ('fibtype="Decimal"', 'fibtype="Decimal" rows="1"'),
        ('_2" title', '_1" title'),
        ("itemmetadata>", "metadata>"),
    ],
)
def test_the_validator_of_qti_bites(made: Make, old: str, new: str) -> None:
    files = files_of(qti(made()))
    (name,) = [n for n in files if n.endswith(".xml") and "meta" not in n and "man" not in n]
    assert old in files[name]
    assert list(wrong_with_qti(files[name].replace(old, new)))


def test_packages_are_the_same_bytes_whenever_they_are_made(made: Make) -> None:
    assert qti(made()) == qti(made())
    with zipfile.ZipFile(io.BytesIO(qti(made()))) as zipped:
        for info in zipped.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.compress_type == zipfile.ZIP_STORED
            assert info.external_attr >> 16 == 0o100644


@pytest.mark.parametrize("network", ["alexnet", "vgg16", "googlenet", "resnet50", "lenet5"])
def test_shipped_networks_make_sound_quizzes(tmp_path: Path, network: str) -> None:
    path = tmp_path / "homework.yaml"
    path.write_text(f"spec: {network}\ncolumns: [output, weights, biases, flops, memory, rf]\n")
    homework = read_homework(find(str(path)))
    assert list(wrong_with_moodle(moodle_xml(homework, per="cell"))) == []
    _, name, _ = files = files_of(qti(homework))
    assert list(wrong_with_qti(files[name])) == []


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (GRADESCOPE, {"score": 1}, {}),
        (GRADESCOPE, {"tests": [{"score": 1}]}, {"tests": [{"score": "1"}]}),
        (GRADESCOPE, {"tests": [{"number": "1"}]}, {"tests": [{"number": 1}]}),
        (GRADESCOPE, {"score": 0, "visibility": "visible"}, {"score": 0, "visibility": "shown"}),
        (PRAIRIELEARN, {"gradable": True, "score": 1}, {"gradable": True, "score": 2}),
        (
            PRAIRIELEARN,
            {"gradable": False, "score": 0, "format_errors": ["x"]},
            {"gradable": False, "score": 0},
        ),
        (
            PRAIRIELEARN,
            {"gradable": True, "score": 0, "tests": [{"name": "a"}, {"name": "b"}]},
            {
                "gradable": True,
                "score": 0,
                "tests": [{"points": 1, "max_points": 1}, {"name": "b"}],
            },
        ),
        (CODERUNNER, {"fraction": 0.5}, {"fraction": 1.5}),
        (
            CODERUNNER,
            {"fraction": 0, "testresults": [["a"]]},
            {"fraction": 0, "testresults": [[1]]},
        ),
    ],
)
def test_the_schemas_bite(schema: dict, good: dict, bad: dict) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(good, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bad, schema)


VARIED = """\
title: Small by hand
spec: net.yaml
columns: [output, params]
layers: [one, two, four]
points: {four: {params: 3/2}}
vary: {one.filters: [20, 24, 28], four.units: [10, 30]}
windows: any
"""


def test_all_variants_of_a_class_are_one_category_to_draw_from(
    made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made(base=VARIED)
    (tmp_path / "class.csv").write_text("id,name\n" + "".join(f"s{n},S\n" for n in range(12)))
    words = ["homework.yaml", "--roster", "class.csv", "--seed", "3", "-o", "sheets"]
    assert runner().invoke(main, ["homework", "variants", *words]).exit_code == 0
    command = ["homework", "export", "moodle-xml", "--homework", "homework.yaml"]
    done = runner().invoke(main, [*command, "--variants", "sheets/variants.csv"])
    assert done.exit_code == 0, done.output
    assert list(wrong_with_moodle(done.stdout)) == []
    quiz = ET.fromstring(done.stdout)
    kinds = [question.get("type") for question in quiz]
    drawn = parse_variants(find_file("sheets/variants.csv")).drawn
    stamps = list(dict.fromkeys(variant.stamp for variant in drawn))
    assert len(stamps) > 2
    assert kinds == ["category", *["cloze"] * len(stamps)]
    named = [question.findtext("name/text") for question in quiz[1:]]
    assert sorted(named) == sorted(f"Small by hand, variant {stamp}" for stamp in stamps)
    # every blank of a variant has that variant's number, and the network stands above it
    homeworks = {
        h.stamp: h
        for h in (homework_of("homework.yaml", "sheets/variants.csv", v.student) for v in drawn)
    }
    for question in quiz[1:]:
        own = homeworks[question.findtext("name/text").rpartition(" ")[2]]
        text = ET.tostring(question, encoding="unicode")
        blanks = list(blanks_of_moodle(f"<quiz>{text}</quiz>"))
        numbers = [number for parts in blanks_of(own).values() for number in parts]
        for number, blank in zip(numbers, blanks, strict=True):
            assert play(blank, str(number.right)) == (blank.marks, "Right.")
        filters = next(row.layer.filters for row in own.report.rows if row.name == "one")
        assert f"{filters} filters" in question.findtext("questiontext/text")
    # one homework is no class
    one = runner().invoke(main, [*command, "--variants", "sheets/variants.csv", "--variant", "s1"])
    assert one.stdout != done.stdout
    assert moodle_pool([next(iter(homeworks.values()))]).count('type="cloze"') == 1
