"""What can a reader take home? One self-contained page per language.

Reads: results/ard.parquet, results/figures/{lang}, results/provenance.json. Writes: results/report/.
"""


rule write_report:
    """Writes the investigators' report in {wildcards.lang}."""
    input:
        ard="results/ard.parquet",
        figures=[path for family in FAMILIES for path in figure_paths(family)],
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
    params:
        config=STUDY.model_dump(mode="json"),
        code=code("write_report.py"),
    script:
        "../scripts/write_report.py"
