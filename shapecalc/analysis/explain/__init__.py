"""Lessons: where the numbers of a layer come from, in the words of a teacher.

Every number here is computed by the layer's own rules, run on numbers that remember how they were
made (`algebra/traced.py`, `trace.py`); so an explanation can't differ from the table.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from shapecalc.analysis.explain import (
    field,
    gradient,
    macs,
    memory,
    neighbours,
    output,
    params,
    whole,
)
from shapecalc.analysis.explain.model import Explanation, Section, Topic, find
from shapecalc.api import report_of
from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.layers.shape import as_text
from shapecalc.output.cells import shapes_text
from shapecalc.output.document import Grid
from shapecalc.output.options import make_view
from shapecalc.text import Origin, Source, Span
from shapecalc.text.words import did_you_mean, must_be_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    from shapecalc.draw.picture import Drawing
    from shapecalc.graph import Graph
    from shapecalc.output.view import View
    from shapecalc.report import Report


#: Other words for topics: a column's heading among them.
_ALSO = {
    "rf": "receptive-field",
    "receptive-field": "receptive-field",
    "field": "receptive-field",
    "parameters": "params",
    "weights": "params",
    "shape": "output",
    "size": "output",
}

#: Every topic by its name; the usual ones are told when none is asked for.
TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(
            "output",
            "output",
            output.explain,
            whole.block_output,
            output.formulas,
            usual=True,
            picture="windows_drawn.windows_drawn",
        ),
        Topic(
            "params",
            "params",
            params.explain,
            whole.block_sum("params", "params", lambda part: part.row.params),
            params.formulas,
            lambda report, _: report.totals.params,
            usual=True,
        ),
        Topic(
            "macs",
            "MACs",
            macs.explain,
            whole.block_sum("macs", "MACs", lambda part: part.row.macs),
            macs.formulas,
            lambda report, _: report.totals.macs,
            usual=True,
        ),
        Topic(
            "memory",
            "memory",
            memory.explain,
            whole.block_sum(
                "memory",
                "memory",
                lambda part: part.view.memory(part.view.activations(part.row)),
                " bytes",
            ),
            memory.formulas,
            lambda report, view: view.memory(view.activations(report.totals)),
            memory.of_network,
        ),
        Topic(
            "receptive-field",
            "receptive field",
            field.explain,
            whole.block_field,
            field.formulas,
        ),
        Topic(
            "gradient",
            "gradient",
            gradient.explain,
            whole.block_gradient,
            None,
            picture="gradient_drawn.gradient_drawn",
        ),
        Topic(
            "what-if",
            "what if",
            neighbours.explain,
            whole.block_neighbours,
            None,
            usual=True,
        ),
    )
}


def explain(
    network: str | PathLike[str] | Graph | Report,
    layer: str | None = None,
    of: str | None = None,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
    free: Iterable[str] = (),
    fold_batchnorm: bool = False,
    batch: int = 1,
    dtype: str = "float32",
    layout: str = "hwc",
) -> Explanation:
    """Explain where the numbers of a layer, a block or, without one, a network come from.

    `network` is a report, a loaded network, or a spec by its path or name, which `settings`,
    `input`, `free` and `fold_batchnorm` go with as in `summarize`.  `of` names topics, separated by
    commas.  Raises `SpecErrors` for a layer (E310, E311) or a topic (E312) that is not there.
    """
    report = report_of(
        network, settings=settings, input=input, free=free, fold_batchnorm=fold_batchnorm
    )
    return lesson(report, layer, of, make_view(batch=batch, dtype=dtype, layout=layout))


def lesson(report: Report, name: str | None, of: str | None, view: View) -> Explanation:
    """Explain a layer or a block of a report, or all of it."""
    if of is not None:
        must_be_text(of, "`of`", "params,macs")
    if name is not None:
        must_be_text(name, "a layer", "conv1")
    topics = _topics(of)
    if name is None:
        return _of_network(report, topics or [TOPICS["output"]], view)
    subject = find(report, name, view)
    row = subject.row
    chosen = topics or [topic for topic in TOPICS.values() if topic.usual]
    makers = [topic.layer if row.layer is not None else topic.block for topic in chosen]
    sections = [make(subject) for make in makers]
    if topics is None:  # what was not asked for is left out where it has nothing to show
        sections = [section for section in sections if section.answer or _shows(section)]
    about = f"{row.type}{' ' if row.layer is not None else ', '}{row.does}".strip()
    arrow = f"{shapes_text(row.inputs, view)} -> " if row.inputs else ""
    about += f": {arrow}{as_text(row.output, view.layout)}"
    doubts = _idle(chosen, view)
    return _explanation(report, row.name, row.type, about, row.note, sections, doubts)


def picture(report: Report, name: str, of: str | None, view: View) -> Drawing:
    """Draw a layer: what topics say of it, by default the first that is drawn.

    Raises `SpecErrors`: E310 and E311 for the layer, E312 for topics, E303 where nothing can be
    drawn, E323 where more than one topic is to be drawn.
    """
    drawn = [topic for topic in _topics(of) or TOPICS.values() if topic.picture]
    if len(drawn) > 1 and of is not None:
        names = " and ".join(topic.name for topic in drawn)
        message = f"{names} are pictures of their own, and a file holds one"
        raise refuse("E323", message, hint=f"draw one at a time: --of {drawn[0].name}")
    if not drawn:
        names = " or ".join(topic.name for topic in TOPICS.values() if topic.picture)
        message = f"{of} is not drawn"
        raise refuse("E323", message, hint=f"draw {names}, or write it as text: -o FILE.html")
    module, _, function = drawn[0].picture.rpartition(".")
    draw = getattr(import_module(f"{__name__}.{module}"), function)
    subject = find(report, name, view)
    made: Drawing = draw(subject)
    return made


def _idle(topics: Iterable[Topic], view: View) -> tuple[str, ...]:
    """Say that a type or a batch changes nothing, where no topic is about memory."""
    return view.idle(counts_bytes=TOPICS["memory"] in topics)


def _explanation(
    report: Report,
    name: str,
    type_: str,
    about: str,
    note: str,
    sections: Iterable[Section],
    doubts: tuple[str, ...],
) -> Explanation:
    return Explanation(
        report.name,
        name,
        type_,
        about,
        note,
        report.graph.spec.source.name,
        tuple(sections),
        () if report.domain is None else tuple(report.domain.texts()),
        report.graph.names(),
        (*report.doubts, *doubts),
        report.deployed,
    )


def _of_network(report: Report, topics: list[Topic], view: View) -> Explanation:
    for topic in topics:
        if topic.formulas is None:
            message = f"{topic.name} is explained of a layer, not of the whole network"
            hint = f"name a layer: shapecalc explain SPEC LAYER --of {topic.name}"
            raise refuse("E312", message, hint=hint)
    spec = report.graph.spec
    sections = [whole.slide(report, view, topic) for topic in topics]
    doubts = _idle(topics, view)
    return _explanation(report, "", "network", spec.citation, spec.note, sections, doubts)


def _shows(section: Section) -> bool:
    return any(isinstance(block, Grid) for block in section.blocks)


def _topics(of: str | None) -> list[Topic] | None:
    """Read topics, separated by commas.  Raises `SpecErrors` (E312) with every unknown one."""
    if of is None:
        return None
    problems = []
    topics: dict[str, Topic] = {}
    end = -1
    for part in of.split(","):
        start, end = end + 1, end + 1 + len(part)
        word = part.strip()
        name = _ALSO.get(word.lower().replace("_", "-"), word.lower())
        if name in TOPICS:
            topics[name] = TOPICS[name]
            continue
        hint = did_you_mean(word.lower(), TOPICS) or f"one of {', '.join(TOPICS)}"
        if word.lower() in ("flops", "operations", "ops"):
            hint = "did you mean 'macs'? FLOPs are 2 x MACs"
        start += len(part) - len(part.lstrip())
        origin = Origin(Source(f"--of {of}", of), Span(0, start, 0, start + len(word)))
        message = f"there is no explanation of '{word}'" if word else "a topic's name is missing"
        problems.append(Problem("E312", message, origin, hint=hint))
    if problems:
        raise SpecErrors(problems)
    return list(topics.values())
