"""What can a statistician take to other programs? Word, RTF, PDF and one archive on request; data sets and listings always.

Reads: results/ard.parquet, results/cohort/primary, results/balance/primary, results/clean, results/report, results/protocol.
Writes: results/internal/adam, results/internal/listings, results/tables/{lang}, results/report/*.pdf, results/bundle.
"""


rule export_datasets:
    """ADaM-like data sets by display id (CSV, Dataset-JSON, define.xml), and listings 16.2.x. Single patients stay in the hospital: results/internal."""
    input:
        patients="results/cohort/primary/patients.parquet",
        observations="results/cohort/primary/observations.parquet",
        visits="results/cohort/primary/visits.parquet",
        events="results/cohort/primary/events.parquet",
        underived="results/cohort/primary/underived.parquet",
        weights="results/balance/primary/weights.parquet",
        matched_sets="results/balance/primary/matched_sets.parquet",
        measurements=collect("results/clean/{source}/measurements.parquet", source=STUDY.sources),
        ledgers=collect("results/clean/{source}/ledger.parquet", source=STUDY.sources),
        definition=PROGRAM / "docs" / "adam.csv",
        dictionary=DICTIONARY,
    output:
        adam=directory("results/internal/adam"),
        listings=directory("results/internal/listings"),
    log:
        "results/logs/export_datasets.log",
    benchmark:
        "results/benchmarks/export_datasets.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000, per_mb=6),
    params:
        config=STUDY.model_dump(mode="json"),
        code=code("export_datasets.py"),
    script:
        "../scripts/export_datasets.py"


rule export_documents:
    """Every table and figure in one Word document, and every table as RTF, XLSX and CSV, in {wildcards.lang}."""
    input:
        ard="results/ard.parquet",
        display="results/cohort/primary/display.parquet",
        words=LOCALES / "{lang}.yaml",
        methods=PROGRAM / "docs" / "methods.md",
        outputs=PROGRAM / "docs" / "outputs.csv",
        dictionary=DICTIONARY,
        differences=DIFFERENCES,
    output:
        word=report(
            "results/tables/{lang}/tables-and-figures.docx",
            caption="../report/document.rst",
            category="Tables",
            labels={"Document": "Word", "Language": "{lang}"},
        ),
        rtf=directory("results/tables/{lang}/rtf"),
        workbook="results/tables/{lang}/tables.xlsx",
        csv=directory("results/tables/{lang}/csv"),
    log:
        "results/logs/export_documents/{lang}.log",
    benchmark:
        "results/benchmarks/export_documents/{lang}.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        config=STUDY.model_dump(mode="json"),
        code=code("export_documents.py"),
    script:
        "../scripts/export_documents.py"


rule write_pdf:
    """The report for {wildcards.document} in {wildcards.lang} on paper. Needs weasyprint."""
    input:
        report="results/report/{document}.{lang}.html",
    output:
        pdf=report(
            "results/report/{document}.{lang}.pdf",
            caption="../report/pdf.rst",
            category="Reports",
            labels={"Document": "{document}, PDF", "Language": "{lang}"},
        ),
    log:
        "results/logs/write_pdf/{document}.{lang}.log",
    benchmark:
        "results/benchmarks/write_pdf/{document}.{lang}.tsv"
    wildcard_constraints:
        document="investigator|statistician",
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        code=code("write_pdf.py"),
    script:
        "../scripts/write_pdf.py"


rule write_bundle:
    """What may be sent by mail as one archive that opens without the program: what the shared reports hold, and no listing."""
    input:
        pages=collect(
            [
                "results/report/investigator.{lang}.html",
                "results/report/statistician.{lang}.html",
                "results/protocol/protocol.{lang}.html",
            ],
            lang=STUDY.languages,
        ),
        documents=collect(
            ["results/tables/{lang}/tables-and-figures.docx", "results/tables/{lang}/tables.xlsx"],
            lang=STUDY.languages,
        ),
        figures=collect("results/figures/{lang}", lang=STUDY.languages),
        index="results/tables/index.csv",
        descriptor="results/tables/datapackage.json",
        cards="results/tables/cards.csv",
        machine="results/protocol/protocol.json",
        provenance="results/provenance.json",
        words=[LOCALES / f"{lang}.yaml" for lang in STUDY.languages],
        templates=sorted(TEMPLATES.iterdir()),
    output:
        bundle=BUNDLE,
    log:
        "results/logs/write_bundle.log",
    benchmark:
        "results/benchmarks/write_bundle.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        config=STUDY.model_dump(mode="json"),
        code=code("write_bundle.py"),
    script:
        "../scripts/write_bundle.py"


rule bundle:
    """`snakemake bundle`: one archive to send by mail."""
    input:
        BUNDLE,


rule documents:
    """`snakemake documents`: the Word document and the RTF tables in every language."""
    input:
        collect("results/tables/{lang}/tables-and-figures.docx", lang=STUDY.languages),


rule pdf:
    """`snakemake pdf`: both reports on paper in every language."""
    input:
        collect(
            "results/report/{document}.{lang}.pdf",
            document=["investigator", "statistician"],
            lang=STUDY.languages,
        ),
