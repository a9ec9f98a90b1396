"""How alike are the arms, and may we estimate at all?

Reads: results/cohort/{scenario}. Writes: results/balance/{scenario}/ (tables balance, weights, matched_sets, gates) and
the listing of weights, results/internal/{scenario}/.
"""


rule balance_arms:
    """Compares the arms at time zero, weighs and matches them, and judges the gates ({wildcards.scenario})."""
    input:
        patients=cohort_path("patients"),
        visits=cohort_path("visits"),
        dictionary=DICTIONARY,
    output:
        balance="results/balance/{scenario}/balance.parquet",
        weights="results/balance/{scenario}/weights.parquet",
        matched_sets="results/balance/{scenario}/matched_sets.parquet",
        gates="results/balance/{scenario}/gates.parquet",
        listing="results/internal/{scenario}/listing-16.2.9.csv",
        ard="results/balance/{scenario}/ard.parquet",
    log:
        "results/logs/balance_arms/{scenario}.log",
    benchmark:
        "results/benchmarks/balance_arms/{scenario}.tsv"
    # The longest jobs wait for it (see analyse_grid).
    priority: 5
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200, per_mb=50),
    params:
        balance=section("balance"),
        seed=STUDY.seed,
        public=STUDY.report.public,
        code=code("balance_arms.py"),
    script:
        "../scripts/balance_arms.py"


rule balance_draws:
    """Weighs the arms and judges the gates under every further draw of waits."""
    input:
        patients="results/cohort/wait_draws/patients.parquet",
        visits="results/cohort/wait_draws/visits.parquet",
        dictionary=DICTIONARY,
    output:
        weights="results/balance/wait_draws/weights.parquet",
        matched_sets="results/balance/wait_draws/matched_sets.parquet",
        gates="results/balance/wait_draws/gates.parquet",
    log:
        "results/logs/balance_draws.log",
    benchmark:
        "results/benchmarks/balance_draws.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200, per_mb=50),
    params:
        balance=plain(STUDY.balance),
        seed=STUDY.seed,
        public=STUDY.report.public,
        code=code("balance_draws.py"),
    script:
        "../scripts/balance_draws.py"


use rule balance_draws as balance_grid with:
    input:
        patients="results/cohort/grid/{batch}/patients.parquet",
        visits="results/cohort/grid/{batch}/visits.parquet",
        dictionary=DICTIONARY,
    output:
        weights="results/balance/grid/{batch}/weights.parquet",
        matched_sets="results/balance/grid/{batch}/matched_sets.parquet",
        gates="results/balance/grid/{batch}/gates.parquet",
        ard="results/balance/grid/{batch}/ard.parquet",
    log:
        "results/logs/balance_grid/{batch}.log",
    benchmark:
        "results/benchmarks/balance_grid/{batch}.tsv"
    priority: 5
