"""Who is comparable, and from which hour is time counted?

Reads: results/clean. Writes: results/cohort/{scenario}/ (tables eligibility, cohort_patients, attrition, observations,
visits, cohort_events, display, patient_summaries, underived, evidence, treated_courses), results/cohort/readings/,
results/cohort/wait_draws/ and results/cohort/grid/{batch}/ (tables cohort_patients and visits, every draw and every
scenario of the batch a scenario of its own).
"""

CLEAN_TABLES = {
    table: collect("results/clean/{source}/{table}.parquet", source=STUDY.sources, table=table)
    for table in ("patients", "measurements", "events", "treatments")
}
CLEAN_TABLES["checked"] = CHECKED


rule define_cohort:
    """Judges eligibility hour by hour, sets time zero, and counts what each filter left ({wildcards.scenario})."""
    input:
        **CLEAN_TABLES,
        dictionary=DICTIONARY,
    output:
        eligibility="results/cohort/{scenario}/eligibility.parquet",
        evidence="results/cohort/{scenario}/evidence.parquet",
        patients="results/cohort/{scenario}/patients.parquet",
        attrition="results/cohort/{scenario}/attrition.parquet",
        observations="results/cohort/{scenario}/observations.parquet",
        visits="results/cohort/{scenario}/visits.parquet",
        events="results/cohort/{scenario}/events.parquet",
        display="results/cohort/{scenario}/display.parquet",
        summaries="results/cohort/{scenario}/summaries.parquet",
        underived="results/cohort/{scenario}/underived.parquet",
        ard="results/cohort/{scenario}/ard.parquet",
    log:
        "results/logs/define_cohort/{scenario}.log",
    benchmark:
        "results/benchmarks/define_cohort/{scenario}.tsv"
    # The longest jobs wait for it (see analyse_grid).
    priority: 5
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000, per_mb=60, most=6000),
    params:
        study=CALENDAR,
        cohort=section("cohort"),
        # Of every scenario the values are given in the primary one's convention.
        altitude=plain(STUDY.cohort.altitude),
        seed=STUDY.seed,
        recordable_events=RECORDABLE_EVENTS,
        outcomes=STUDY.outcomes,
        level=lambda wildcards: SCENARIOS[wildcards.scenario].analysis.level,
        # Observations reach back as far as the slopes before time zero are read.
        placebo_hours=24 * STUDY.sensitivity.placebo_days,
        code=code("define_cohort.py"),
    script:
        "../scripts/define_cohort.py"


rule tell_courses:
    """Tells each treated patient's course as exactly as a shared report may: in bands where the report is public."""
    input:
        patients="results/cohort/primary/patients.parquet",
        events="results/cohort/primary/events.parquet",
        visits="results/cohort/primary/visits.parquet",
    output:
        courses="results/cohort/primary/treated_courses.parquet",
    log:
        "results/logs/tell_courses.log",
    benchmark:
        "results/benchmarks/tell_courses.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    params:
        told={"public": STUDY.report.public, "outcome": STUDY.primary.outcome, "day": STUDY.primary.day},
        code=code("tell_courses.py"),
    script:
        "../scripts/tell_courses.py"


rule count_readings:
    """Counts who would be eligible under each reading of the registry's text."""
    input:
        **CLEAN_TABLES,
        dictionary=DICTIONARY,
    output:
        ard="results/cohort/readings/ard.parquet",
    log:
        "results/logs/count_readings.log",
    benchmark:
        "results/benchmarks/count_readings.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000, per_mb=60, most=6000),
    params:
        study=CALENDAR,
        cohort=plain(STUDY.cohort),
        seed=STUDY.seed,
        recordable_events=RECORDABLE_EVENTS,
        code=code("count_readings.py"),
    script:
        "../scripts/count_readings.py"


rule redraw_waits:
    """Sets the controls' time zero anew under every further draw of waits."""
    input:
        **CLEAN_TABLES,
        dictionary=DICTIONARY,
    output:
        patients="results/cohort/wait_draws/patients.parquet",
        visits="results/cohort/wait_draws/visits.parquet",
    log:
        "results/logs/redraw_waits.log",
    benchmark:
        "results/benchmarks/redraw_waits.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000, per_mb=60, most=6000),
    params:
        study=CALENDAR,
        cohort=plain(STUDY.cohort),
        seed=STUDY.seed,
        recordable_events=RECORDABLE_EVENTS,
        outcomes=[STUDY.primary.outcome, *STUDY.analysis.covariates, *STUDY.balance.key_covariates],
        code=code("redraw_waits.py"),
    script:
        "../scripts/redraw_waits.py"


rule redefine_cohorts:
    """Judges eligibility and sets time zero anew for every scenario of the batch {wildcards.batch}."""
    input:
        **CLEAN_TABLES,
        dictionary=DICTIONARY,
    output:
        patients="results/cohort/grid/{batch}/patients.parquet",
        visits="results/cohort/grid/{batch}/visits.parquet",
    log:
        "results/logs/redefine_cohorts/{batch}.log",
    benchmark:
        "results/benchmarks/redefine_cohorts/{batch}.tsv"
    # The longest jobs wait for it (see analyse_grid).
    priority: 5
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000, per_mb=60, most=6000),
    params:
        study=CALENDAR,
        cohort=plain(STUDY.cohort),
        variants=variants,
        seed=STUDY.seed,
        recordable_events=RECORDABLE_EVENTS,
        outcomes=wanted_outcomes,
        code=code("redefine_cohorts.py"),
    script:
        "../scripts/redefine_cohorts.py"
