"""The protocol in the Unified Study Definitions Model of CDISC (USDM 4.0), for programs that read ICH M11 protocols.

Source: DDF Reference Architecture 4.0 (cdisc-org/DDF-RA, USDM_API.json); codes: CDISC controlled terminology of the
DDF, 2024-09-27. A comparison with historical controls is an observational cohort study; treated patients alone, or a
randomised trial, an interventional one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from historical_controls.config.analysis.estimands import Estimand
from historical_controls.report.printing.printer import Printer
from historical_controls.report.protocol.rules import definition
from historical_controls.report.statistician.estimands import intercurrent_event

USDM_VERSION = "4.0.0"
CDISC, TERMINOLOGY = "http://www.cdisc.org", "2024-09-27"
# Code and its decode in the controlled terminology.
CODES = {
    "observational": ("C16084", "Observational Study"),
    "interventional": ("C98388", "Interventional Study"),
    "cohort": ("C15208", "Cohort Study"),
    "parallel": ("C82639", "Parallel Study"),
    "single_group": ("C82640", "Single Group Study"),
    "retrospective": ("C53312", "Retrospective Study"),
    "official_title": ("C207616", "Official Study Title"),
    "registry": ("C93453", "Study Registry"),
    "investigational": ("C174266", "Investigational Arm"),
    "control": ("C174226", "Control Arm"),
    "within_study": ("C188866", "Data Generated Within Study"),
    "historical_data": ("C188864", "Historical Data"),
    "follow_up": ("C202578", "Follow-Up Epoch"),
    "protocol_agent": ("C41161", "Protocol Agent"),
    "substance": ("C1909", "Pharmacologic Substance"),
    "inclusion": ("C25532", "Inclusion Criteria"),
    "primary_objective": ("C85826", "Primary Objective"),
    "secondary_objective": ("C85827", "Secondary Objective"),
    "exploratory_objective": ("C163559", "Exploratory Objective"),
    "primary_endpoint": ("C94496", "Primary Endpoint"),
    "secondary_endpoint": ("C139173", "Secondary Endpoint"),
    "exploratory_endpoint": ("C170559", "Exploratory Endpoint"),
}
Made = dict[str, Any]


class Maker:
    """Makes instances of the model, each with an id of its own: 'StudyArm_1', 'StudyArm_2'."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def of(self, kind: str, **own: Any) -> Made:
        """Return an instance of a class of the model."""
        self._counts[kind] += 1
        return {"id": f"{kind}_{self._counts[kind]}", **own, "instanceType": kind}

    def code(self, name: str) -> Made:
        """Return one of CODES."""
        code, decode = CODES[name]
        return self.of("Code", code=code, codeSystem=CDISC, codeSystemVersion=TERMINOLOGY, decode=decode)


def usdm_json(printer: Printer, program: str) -> str:
    """Return the study as a USDM document, its texts in the printer's language. program: version of the program."""
    make, study = Maker(), printer.config.study
    title = printer.words.among(study.title)
    registry = make.of(
        "Organization", name="registry", type=make.code("registry"), identifierScheme="registry", identifier="registry"
    )
    agent = make.of(
        "StudyIntervention",
        name="treatment",
        description=printer.words.among(study.treatment),
        role=make.code("protocol_agent"),
        type=make.code("substance"),
    )
    items = list(_criterion_items(make, printer))
    design = _design(make, printer, items, agent)
    version = make.of(
        "StudyVersion",
        versionIdentifier="1",
        rationale=title,
        studyIdentifiers=[make.of("StudyIdentifier", text=study.id, scopeId=registry["id"])],
        titles=[make.of("StudyTitle", text=title, type=make.code("official_title"))],
        eligibilityCriterionItems=items,
        organizations=[registry],
        studyInterventions=[agent],
        studyDesigns=[design],
    )
    whole = {"id": None, "name": study.id, "versions": [version], "instanceType": "Study"}
    content = {
        "study": whole,
        "usdmVersion": USDM_VERSION,
        "systemName": "historical-controls",
        "systemVersion": program,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _design(make: Maker, printer: Printer, items: list[Made], agent: Made) -> Made:
    kind = printer.config.design
    observed = kind == "external_controls"
    criteria = [
        make.of(
            "EligibilityCriterion",
            name=item["name"],
            category=make.code("inclusion"),
            identifier=item["name"],
            criterionItemId=item["id"],
        )
        for item in items
    ]
    epoch = make.of("StudyEpoch", name="follow_up", type=make.code("follow_up"))
    element = make.of("StudyElement", name="follow_up", studyInterventionIds=[agent["id"]])
    arms = list(_arms(make, printer))
    cells = [make.of("StudyCell", armId=arm["id"], epochId=epoch["id"], elementIds=[element["id"]]) for arm in arms]
    objectives = list(_objectives(make, printer))
    population = make.of("AnalysisPopulation", name="analysed", text=_population(printer))
    model = "cohort" if observed else "single_group" if kind == "single_arm" else "parallel"
    return make.of(
        "ObservationalStudyDesign" if observed else "InterventionalStudyDesign",
        name=kind,
        rationale=printer.words.among(printer.config.study.title),
        studyType=make.code("observational" if observed else "interventional"),
        model=make.code(model),
        **({"timePerspective": make.code("retrospective")} if observed else {}),
        arms=arms,
        epochs=[epoch],
        elements=[element],
        studyCells=cells,
        studyInterventionIds=[agent["id"]],
        eligibilityCriteria=criteria,
        population=make.of(
            "StudyDesignPopulation",
            name="population",
            description=_population(printer),
            includesHealthySubjects=False,
            criterionIds=[one["id"] for one in criteria],
        ),
        objectives=objectives,
        analysisPopulations=[population],
        estimands=list(_estimands(make, printer, population, agent, objectives)),
    )


def _population(printer: Printer) -> str:
    estimands = printer.config.estimands
    return printer.words.among(estimands.population if estimands else printer.config.study.title)


def _arms(make: Maker, printer: Printer) -> Iterator[Made]:
    """The treated arm, whose data may be of the study itself, and the historical one, whose data are not."""
    for arm in printer.arms:
        treated = arm == "treated"
        own = printer.config.design == "randomised" or treated
        yield make.of(
            "StudyArm",
            name=arm,
            label=printer.word(f"arm.{arm}").striptags(),
            type=make.code("investigational" if treated else "control"),
            dataOriginDescription=", ".join(
                printer.words.among(source.label) for source in printer.config.sources.values() if source.arm == arm
            ),
            dataOriginType=make.code("within_study" if own else "historical_data"),
        )


def _criterion_items(make: Maker, printer: Printer) -> Iterator[Made]:
    """The rules that decide, each with what it asks in words."""
    cohort = printer.config.cohort.as_read()
    for name in cohort.filters:
        rule = cohort.rules[name]
        text = f"{printer.words.among(rule.label)}: {definition(printer, rule).striptags()}"
        yield make.of("EligibilityCriterionItem", name=name, text=text)


def _objectives(make: Maker, printer: Printer) -> Iterator[Made]:
    """The primary outcome at its day, the key secondary ones, and the others."""
    primary = printer.config.primary
    for code in dict.fromkeys([primary.outcome, *primary.key_secondary, *printer.config.outcomes]):
        level = (
            "primary" if code == primary.outcome else "secondary" if code in primary.key_secondary else "exploratory"
        )
        label = printer.label(code).striptags()
        endpoint = make.of(
            "Endpoint",
            name=code,
            text=f"{label}, {printer.words('protocol.usdm.day', day=primary.day)}",
            purpose=printer.words("protocol.usdm.purpose"),
            level=make.code(f"{level}_endpoint"),
        )
        yield make.of("Objective", name=code, text=label, level=make.code(f"{level}_objective"), endpoints=[endpoint])


def _estimands(make: Maker, printer: Printer, population: Made, agent: Made, objectives: list[Made]) -> Iterator[Made]:
    """The questions of the primary outcome, by the attributes of ICH E9(R1)."""
    declared = printer.config.estimands
    endpoint = objectives[0]["endpoints"][0]
    for name, question in declared.of(printer.config.primary.outcome).items() if declared else ():
        yield make.of(
            "Estimand",
            name=name,
            description=printer.words.among(question.label),
            populationSummary=population["text"],
            analysisPopulationId=population["id"],
            interventionIds=[agent["id"]],
            variableOfInterestId=endpoint["id"],
            intercurrentEvents=list(_events(make, printer, question)),
        )


def _events(make: Maker, printer: Printer, question: Estimand) -> Iterator[Made]:
    declared = printer.config.estimands
    for event, strategy in question.strategies.items():
        said = str(intercurrent_event(printer, declared, event).striptags()) if declared else event
        yield make.of("IntercurrentEvent", name=event, text=said, strategy=strategy.replace("_", " "))
