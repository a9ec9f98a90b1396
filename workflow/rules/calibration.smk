"""Do p-values and intervals keep their promise for exactly this n? `snakemake calibrate`, then `snakemake` for the report.

Reads: results/cohort/primary, results/balance/primary. Writes: results/calibration/. No part of `all`: once it is there,
the results table and the reports have its rows, and it is kept as new as they are; removing the folder ends that.
"""


rule simulate_studies:
    """Simulates studies of this shape without a difference (part {wildcards.part}) and asks every analysis of {wildcards.outcome}."""
    input:
        patients="results/cohort/primary/patients.parquet",
        visits="results/cohort/primary/visits.parquet",
        weights="results/balance/primary/weights.parquet",
        matched_sets="results/balance/primary/matched_sets.parquet",
        gates="results/balance/primary/gates.parquet",
        dictionary=DICTIONARY,
    output:
        studies="results/calibration/studies/{outcome}/{part}.parquet",
    log:
        "results/logs/simulate_studies/{outcome}.{part}.log",
    benchmark:
        "results/benchmarks/simulate_studies/{outcome}.{part}.tsv"
    wildcard_constraints:
        part="[0-9]+",
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        analysis=section("analysis", exclude=NO_MODEL_READS),
        balance=plain(STUDY.balance),
        primary=QUESTION,
        effects=STUDY.calibration.effects,
        numbers=study_numbers,
        seed=STUDY.seed,
        code=code("simulate_studies.py"),
    script:
        "../scripts/simulate_studies.py"


rule summarise_calibration:
    """Counts how often each analysis errs, covers and detects in the simulated studies."""
    input:
        studies=collect(
            "results/calibration/studies/{outcome}/{part}.parquet",
            outcome=CALIBRATED,
            part=range(-(-STUDY.calibration.studies // STUDIES_A_JOB)),
        ),
        dictionary=DICTIONARY,
    output:
        ard=CALIBRATION,
    log:
        "results/logs/summarise_calibration.log",
    benchmark:
        "results/benchmarks/summarise_calibration.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        outcomes=CALIBRATED,
        day=STUDY.primary.day,
        level=STUDY.analysis.level,
        power=STUDY.analysis.overturn.power,
        code=code("summarise_calibration.py"),
    script:
        "../scripts/summarise_calibration.py"


rule calibrate:
    """Simulates studies of this shape; `snakemake` then puts what they say into the statisticians' report."""
    input:
        [CALIBRATION] if CALIBRATED else [],
