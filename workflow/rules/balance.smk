"""How alike are the arms, and may we estimate at all?

Reads: results/cohort/{scenario}. Writes: results/balance/{scenario}/balance.parquet (table balance).
"""


rule balance_arms:
    """Compares the arms at time zero on the declared covariates (Table 1, {wildcards.scenario})."""
    input:
        patients="results/cohort/{scenario}/patients.parquet",
        visits="results/cohort/{scenario}/visits.parquet",
        dictionary=DICTIONARY,
    output:
        balance="results/balance/{scenario}/balance.parquet",
        ard="results/balance/{scenario}/ard.parquet",
    log:
        "results/logs/balance_arms/{scenario}.log",
    benchmark:
        "results/benchmarks/balance_arms/{scenario}.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    params:
        balance=section("balance"),
        code=code("balance_arms.py"),
    script:
        "../scripts/balance_arms.py"
