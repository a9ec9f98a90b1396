"""Who is comparable, and from which hour is time counted?

Reads: results/clean. Writes: results/cohort/{scenario}/ (tables eligibility, cohort_patients, attrition, observations,
visits, cohort_events, display, patient_summaries, underived).
"""


rule define_cohort:
    """Judges eligibility hour by hour, sets time zero, and counts what each filter left ({wildcards.scenario})."""
    input:
        patients=collect("results/clean/{source}/patients.parquet", source=STUDY.sources),
        measurements=collect("results/clean/{source}/measurements.parquet", source=STUDY.sources),
        events=collect("results/clean/{source}/events.parquet", source=STUDY.sources),
        treatments=collect("results/clean/{source}/treatments.parquet", source=STUDY.sources),
        dictionary=DICTIONARY,
    output:
        eligibility="results/cohort/{scenario}/eligibility.parquet",
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
    conda:
        "../envs/environment.yml"
    threads: 1
    params:
        study=STUDY_FACTS,
        cohort=section("cohort"),
        seed=STUDY.seed,
        outcomes=STUDY.outcomes,
        code=code("define_cohort.py"),
    script:
        "../scripts/define_cohort.py"
