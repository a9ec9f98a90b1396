"""One results table, and what it was made from.

Reads: every stage's part of the ARD. Writes: results/ard.parquet, results/tables, results/provenance.json,
results/summary.txt.
"""


rule join_results:
    """Joins all parts into the one table that every report reads; counts too small to be shared lose their value, and an identity stops the run."""
    input:
        clean=collect("results/clean/{source}/ard.parquet", source=STUDY.sources),
        findings=collect("results/clean/{source}/findings_ard.parquet", source=STUDY.sources),
        losses="results/clean/losses.parquet",
        cohort=collect("results/cohort/{scenario}/ard.parquet", scenario=COHORT_OWNERS),
        readings="results/cohort/readings/ard.parquet",
        draws=["results/analysis/wait_draws/ard.parquet"] if STUDY.cohort.time_zero.wait_draws else [],
        balance=collect("results/balance/{scenario}/ard.parquet", scenario=BALANCE_OWNERS),
        primary=collect("results/analysis/primary/{outcome}.parquet", outcome=MODELLED),
        combined="results/analysis/primary/combined/ard.parquet",
        events="results/analysis/primary/events/ard.parquet",
        scenarios=collect("results/analysis/{scenario}/outcomes.parquet", scenario=STUDY.scenarios),
        grid_balance=collect(
            "results/balance/grid/{batch}/ard.parquet",
            batch=[b for b in GRID if b in COHORT_BATCHES],
        ),
        grid=collect("results/analysis/grid/{batch}.parquet", batch=[b for b in GRID if b != "specification"]),
        specification=["results/analysis/specification/ard.parquet"] if "specification" in GRID else [],
        robustness="results/analysis/primary/robustness/ard.parquet",
        placebos=["results/analysis/primary/placebos/ard.parquet"] if PLACEBOS else [],
        calibration=[CALIBRATION] if CALIBRATED and Path(CALIBRATION).is_file() else [],
        people="results/clean/people.parquet",
    output:
        ard="results/ard.parquet",
    log:
        "results/logs/join_results.log",
    benchmark:
        "results/benchmarks/join_results.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        min_cell=STUDY.report.min_cell,
        single_arm=STUDY.single_arm,
        endings=STUDY.endings_by_arm,
        free_days=STUDY.cohort.free_days,
        code=code("join_results.py"),
    script:
        "../scripts/join_results.py"


rule record_provenance:
    """Hashes of inputs and config, package versions, seed and commit; the config with every default written out."""
    input:
        raw=list(dict.fromkeys(declared_files(STUDY).values())),
        checked=CHECKED,
    output:
        provenance="results/provenance.json",
        config="results/config.resolved.yaml",
    log:
        "results/logs/record_provenance.log",
    benchmark:
        "results/benchmarks/record_provenance.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        config=STUDY.model_dump(mode="json"),
        seed=STUDY.seed,
        git=lambda wildcards: git_state(PROGRAM),
        code=code("record_provenance.py"),
    script:
        "../scripts/record_provenance.py"


rule export_tables:
    """Every numbered table as CSV, with an index, and a description of every column (a Frictionless data package)."""
    input:
        ard="results/ard.parquet",
        outputs=str(PROGRAM / "docs" / "outputs.csv"),
        words=LOCALES / f"{STUDY.languages[0]}.yaml",
        dictionary=DICTIONARY,
    output:
        index="results/tables/index.csv",
        descriptor="results/tables/datapackage.json",
        cards="results/tables/cards.csv",
    log:
        "results/logs/export_tables.log",
    benchmark:
        "results/benchmarks/export_tables.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        config=STUDY.model_dump(mode="json"),
        code=code("export_tables.py"),
    script:
        "../scripts/export_tables.py"


rule summarise_run:
    """Says where the reports are, what was held back or refused, and what to do next."""
    input:
        ard="results/ard.parquet",
        findings=collect("results/clean/{source}/findings.parquet", source=STUDY.sources),
        told="results/clean/findings.txt",
        words=LOCALES / f"{STUDY.languages[0]}.yaml",
    output:
        summary="results/summary.txt",
    log:
        "results/logs/summarise_run.log",
    benchmark:
        "results/benchmarks/summarise_run.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        languages=STUDY.languages,
        sources=list(STUDY.sources),
        code=code("summarise_run.py"),
    script:
        "../scripts/summarise_run.py"
