"""What can a reader take home? One self-contained page per language.

Reads: results/ard.parquet, results/figures/{lang}, results/provenance.json. Writes: results/report/, and results/internal/ for the hospital alone.
"""


rule write_report:
    """Writes the investigators' report in {wildcards.lang}."""
    input:
        ard="results/ard.parquet",
        display="results/cohort/primary/display.parquet",
        courses="results/cohort/primary/treated_courses.parquet",
        figures="results/figures/{lang}",
        seal=SEALED,
        protocol=LINKED,
        provenance="results/provenance.json",
        words=LOCALES / "{lang}.yaml",
        templates=sorted(TEMPLATES.iterdir()),
        outputs=PROGRAM / "docs" / "outputs.csv",
        dictionary=DICTIONARY,
    output:
        report=report(
            "results/report/investigator.{lang}.html",
            caption="../report/investigator.rst",
            category="Reports",
            labels={"Document": "investigators", "Language": "{lang}"},
        ),
    log:
        "results/logs/write_report/{lang}.log",
    benchmark:
        "results/benchmarks/write_report/{lang}.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        config=STUDY.model_dump(mode="json"),
        code=code("write_report.py"),
    script:
        "../scripts/write_report.py"


rule write_statistician_report:
    """Writes the statisticians' report in {wildcards.lang}."""
    input:
        ard="results/ard.parquet",
        display="results/cohort/primary/display.parquet",
        courses="results/cohort/primary/treated_courses.parquet",
        figures="results/figures/{lang}",
        seal=SEALED,
        protocol=LINKED,
        provenance="results/provenance.json",
        words=LOCALES / "{lang}.yaml",
        templates=sorted(TEMPLATES.iterdir()),
        outputs=PROGRAM / "docs" / "outputs.csv",
        methods=PROGRAM / "docs" / "methods.md",
        checklists=PROGRAM / "docs" / "checklists.csv",
        dictionary=DICTIONARY,
        differences=DIFFERENCES,
    output:
        report=report(
            "results/report/statistician.{lang}.html",
            caption="../report/statistician.rst",
            category="Reports",
            labels={"Document": "statisticians", "Language": "{lang}"},
        ),
    log:
        "results/logs/write_statistician_report/{lang}.log",
    benchmark:
        "results/benchmarks/write_statistician_report/{lang}.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        config=STUDY.model_dump(mode="json"),
        code=code("write_statistician_report.py"),
    script:
        "../scripts/write_statistician_report.py"


rule write_cleaning_page:
    """Writes the data manager's page in {wildcards.lang}. It shows ids as sent and stays in the hospital."""
    input:
        ard="results/ard.parquet",
        ledgers=collect("results/clean/{source}/ledger.parquet", source=STUDY.sources),
        people="results/clean/people.parquet",
        findings=collect("results/clean/{source}/findings.parquet", source=STUDY.sources),
        resolutions=every_file("results/clean/{source}/by_file/{file}/resolutions.parquet"),
        words=LOCALES / "{lang}.yaml",
        english=LOCALES / "en.yaml",
        templates=sorted(TEMPLATES.iterdir()),
        dictionary=DICTIONARY,
    output:
        page="results/internal/cleaning.{lang}.html",
    log:
        "results/logs/write_cleaning_page/{lang}.log",
    benchmark:
        "results/benchmarks/write_cleaning_page/{lang}.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        config=STUDY.model_dump(mode="json"),
        code=code("write_cleaning_page.py"),
    script:
        "../scripts/write_cleaning_page.py"


rule write_narratives:
    """Tells what happened to each treated patient, in every language. It shows ids as sent and stays in the hospital."""
    input:
        ard="results/ard.parquet",
        patients="results/cohort/primary/patients.parquet",
        events="results/cohort/primary/events.parquet",
        visits="results/cohort/primary/visits.parquet",
        figures=collect("results/internal/figures/{lang}", lang=STUDY.languages),
        words=[LOCALES / f"{lang}.yaml" for lang in STUDY.languages],
        templates=sorted(TEMPLATES.iterdir()),
        dictionary=DICTIONARY,
    output:
        pages=collect("results/internal/narratives.{lang}.html", lang=STUDY.languages),
    log:
        "results/logs/write_narratives.log",
    benchmark:
        "results/benchmarks/write_narratives.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000, per_mb=5),
    params:
        config=STUDY.model_dump(mode="json"),
        code=code("write_narratives.py"),
    script:
        "../scripts/write_narratives.py"
