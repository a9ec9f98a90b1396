"""What does each row say, and what became of every row?

Reads: results/intake, the dictionary. Writes: results/clean/{source}/{patients,measurements,events,treatments,ledger}
and results/clean/people.parquet; results/clean/{source}/findings.parquet; results/clean/{findings.txt,losses.parquet,
quarantine.csv}.
"""


rule clean_file:
    """Parses numbers, units, names and times of one file; what cannot be read is held with a reason."""
    input:
        table=lambda wildcards: intake_path(wildcards.source, wildcards.file),
        dictionary=DICTIONARY,
        redcap=redcap_dictionary,
        resolutions=STUDY.resolutions or [],
    output:
        patients="results/clean/{source}/by_file/{file}/patients.parquet",
        measurements="results/clean/{source}/by_file/{file}/measurements.parquet",
        events="results/clean/{source}/by_file/{file}/events.parquet",
        treatments="results/clean/{source}/by_file/{file}/treatments.parquet",
        ledger="results/clean/{source}/by_file/{file}/ledger.parquet",
        resolutions="results/clean/{source}/by_file/{file}/resolutions.parquet",
    log:
        "results/logs/clean_file/{source}-{file}.log",
    benchmark:
        "results/benchmarks/clean_file/{source}-{file}.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000, per_mb=80, most=1500),
    params:
        study=RECORD_DATES,
        source=source_declaration,
        declaration=file_declaration,
        code=code("clean_file.py"),
    script:
        "../scripts/clean_file.py"


rule link_people:
    """Decides which ids of all sources are the same person, and holds those that contradict each other.

    What people wrote for all sources, crosswalk and resolutions, is checked here as a whole.
    """
    input:
        ledgers=every_file("results/clean/{source}/by_file/{file}/ledger.parquet"),
        patients=every_file("results/clean/{source}/by_file/{file}/patients.parquet"),
        events=every_file("results/clean/{source}/by_file/{file}/events.parquet"),
        crosswalk=STUDY.crosswalk or [],
        resolutions=STUDY.resolutions or [],
    output:
        people="results/clean/people.parquet",
    log:
        "results/logs/link_people.log",
    benchmark:
        "results/benchmarks/link_people.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(800, per_mb=20),
    params:
        sources=SOURCES,
        code=code("link_people.py"),
    script:
        "../scripts/link_people.py"


rule assemble_source:
    """Joins the files of {wildcards.source}: duplicates collapsed, corrections preferred, conflicts held."""
    input:
        files=source_files,
        people="results/clean/people.parquet",
        dictionary=DICTIONARY,
    output:
        patients="results/clean/{source}/patients.parquet",
        measurements="results/clean/{source}/measurements.parquet",
        events="results/clean/{source}/events.parquet",
        treatments="results/clean/{source}/treatments.parquet",
        ledger="results/clean/{source}/ledger.parquet",
        ard="results/clean/{source}/ard.parquet",
    log:
        "results/logs/assemble_source/{source}.log",
    benchmark:
        "results/benchmarks/assemble_source/{source}.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000, per_mb=5),
    params:
        source=whole_source,
        code=code("assemble_source.py"),
    script:
        "../scripts/assemble_source.py"


rule inspect_source:
    """Looks for what a person must settle in {wildcards.source}: undeclared codes, lost limits, other units, dates."""
    input:
        measurements="results/clean/{source}/measurements.parquet",
        events="results/clean/{source}/events.parquet",
        ledger="results/clean/{source}/ledger.parquet",
        patients="results/clean/{source}/patients.parquet",
        others=lambda wildcards: collect(
            "results/clean/{other}/measurements.parquet", other=other_sources(wildcards.source)
        ),
        intake=source_intake,
        dictionary=DICTIONARY,
    output:
        findings="results/clean/{source}/findings.parquet",
        ard="results/clean/{source}/findings_ard.parquet",
    log:
        "results/logs/inspect_source/{source}.log",
    benchmark:
        "results/benchmarks/inspect_source/{source}.tsv"
    # Before whatever else is ready: its findings may end the run.
    priority: 10
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000, per_mb=1),
    params:
        source=whole_source,
        others=lambda wildcards: other_sources(wildcards.source),
        code=code("inspect_source.py"),
    script:
        "../scripts/inspect_source.py"


rule check_findings:
    """Ends the run before the cohort where a file is most likely misdeclared; lists what else is to be settled."""
    input:
        findings=collect("results/clean/{source}/findings.parquet", source=STUDY.sources),
        words=LOCALES / f"{STUDY.languages[0]}.yaml",
        english=LOCALES / "en.yaml",
    output:
        summary="results/clean/findings.txt",
    log:
        "results/logs/check_findings.log",
    benchmark:
        "results/benchmarks/check_findings.tsv"
    priority: 10
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        written=WRITTEN,
        code=code("check_findings.py"),
    script:
        "../scripts/check_findings.py"


rule compare_losses:
    """Counts what is held back by arm, outcome and reason: loss that differs between the arms is itself a bias."""
    input:
        ledgers=collect("results/clean/{source}/ledger.parquet", source=STUDY.sources),
        people="results/clean/people.parquet",
        dictionary=DICTIONARY,
        checked=CHECKED,
    output:
        ard="results/clean/losses.parquet",
    log:
        "results/logs/compare_losses.log",
    benchmark:
        "results/benchmarks/compare_losses.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        sources=SOURCES,
        level=STUDY.analysis.level,
        code=code("compare_losses.py"),
    script:
        "../scripts/compare_losses.py"


rule export_quarantine:
    """Lists every held record with its reason, for a data manager's spreadsheet: filled in, it is `resolutions`."""
    input:
        ledgers=collect("results/clean/{source}/ledger.parquet", source=STUDY.sources),
        intake=list(
            dict.fromkeys(intake_path(name, file) for name, source in STUDY.sources.items() for file in source.files)
        ),
        words=LOCALES / f"{STUDY.languages[0]}.yaml",
        english=LOCALES / "en.yaml",
    output:
        quarantine="results/clean/quarantine.csv",
    log:
        "results/logs/export_quarantine.log",
    benchmark:
        "results/benchmarks/export_quarantine.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        language=STUDY.languages[0],
        written=WRITTEN,
        code=code("export_quarantine.py"),
    script:
        "../scripts/export_quarantine.py"
