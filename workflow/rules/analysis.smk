"""What differs between the arms, and how sure can we be?

Reads: results/cohort/{scenario}, results/balance/{scenario}. Writes: results/analysis/{scenario}/ (parts of the ARD).
The primary scenario has one job per outcome, a scenario written by hand one job for all of its outcomes, the
sensitivity grid one job per batch of scenarios. A scenario that changes no cohort reads the one it shares.
"""

# What a scenario is compared with, to say of one that changes nothing that it is no second answer.
PRIMARY_TABLES = [
    "results/cohort/primary/patients.parquet",
    "results/cohort/primary/visits.parquet",
    "results/balance/primary/weights.parquet",
    "results/balance/primary/matched_sets.parquet",
    "results/balance/primary/gates.parquet",
]


rule analyse_outcome:
    """Fits the declared ladder of mixed models to {wildcards.outcome} and contrasts the arms."""
    input:
        patients="results/cohort/primary/patients.parquet",
        visits="results/cohort/primary/visits.parquet",
        summaries="results/cohort/primary/summaries.parquet",
        weights="results/balance/primary/weights.parquet",
        matched_sets="results/balance/primary/matched_sets.parquet",
        gates="results/balance/primary/gates.parquet",
        dictionary=DICTIONARY,
    output:
        ard="results/analysis/primary/{outcome}.parquet",
        statistics=["results/analysis/primary/statistics/{outcome}.parquet"],
    log:
        "results/logs/analyse_outcome/{outcome}.log",
    benchmark:
        "results/benchmarks/analyse_outcome/{outcome}.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200, per_mb=150),
    params:
        scenario="primary",
        outcomes=lambda wildcards: [wildcards.outcome],
        analysis=section("analysis", exclude=NO_MODEL_READS),
        primary=question,
        horizon_days=STUDY.cohort.horizon_days,
        seed=STUDY.seed,
        single_arm=STUDY.single_arm,
        code=code("analyse_outcomes.py"),
    script:
        "../scripts/analyse_outcomes.py"


rule analyse_scenario:
    """Fits the ladder to all outcomes under the scenario {wildcards.scenario} and contrasts the arms."""
    input:
        patients=cohort_path("patients"),
        visits=cohort_path("visits"),
        weights=balance_path("weights"),
        matched_sets=balance_path("matched_sets"),
        gates=balance_path("gates"),
        primary=PRIMARY_TABLES,
        dictionary=DICTIONARY,
    output:
        ard="results/analysis/{scenario}/outcomes.parquet",
    log:
        "results/logs/analyse_scenario/{scenario}.log",
    benchmark:
        "results/benchmarks/analyse_scenario/{scenario}.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200, per_mb=150),
    params:
        scenario=lambda wildcards: wildcards.scenario,
        outcomes=MODELLED,
        analysis=section("analysis", exclude=NO_MODEL_READS),
        primary_analysis=plain(STUDY.analysis, exclude=NO_MODEL_READS),
        primary=plain(STUDY.primary),
        primary_horizon_days=STUDY.cohort.horizon_days,
        horizon_days=lambda wildcards: SCENARIOS[wildcards.scenario].cohort.horizon_days,
        seed=STUDY.seed,
        single_arm=STUDY.single_arm,
        code=code("analyse_scenario.py"),
    script:
        "../scripts/analyse_scenario.py"


rule combine_outcomes:
    """Sees all outcomes together: adjusted p-values, what became of each registered one, and what bias would undo them."""
    input:
        patients="results/cohort/primary/patients.parquet",
        visits="results/cohort/primary/visits.parquet",
        observations="results/cohort/primary/observations.parquet",
        weights="results/balance/primary/weights.parquet",
        matched_sets="results/balance/primary/matched_sets.parquet",
        gates="results/balance/primary/gates.parquet",
        dictionary=DICTIONARY,
        benchmarks=BENCHMARKS,
        outcomes=collect("results/analysis/primary/{outcome}.parquet", outcome=MODELLED),
        statistics=collect("results/analysis/primary/statistics/{outcome}.parquet", outcome=MODELLED),
        counted="results/analysis/primary/events/ard.parquet",
    output:
        ard="results/analysis/primary/combined/ard.parquet",
    log:
        "results/logs/combine_outcomes.log",
    benchmark:
        "results/benchmarks/combine_outcomes.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200, per_mb=10),
    params:
        primary=plain(STUDY.primary),
        analysis=plain(STUDY.analysis, exclude={"events"}),
        code=code("combine_outcomes.py"),
    script:
        "../scripts/combine_outcomes.py"


rule analyse_draws:
    """Contrasts the arms in the primary outcome under every further draw of waits, all in one job."""
    input:
        patients="results/cohort/wait_draws/patients.parquet",
        visits="results/cohort/wait_draws/visits.parquet",
        weights="results/balance/wait_draws/weights.parquet",
        matched_sets="results/balance/wait_draws/matched_sets.parquet",
        gates="results/balance/wait_draws/gates.parquet",
        dictionary=DICTIONARY,
    output:
        ard="results/analysis/wait_draws/ard.parquet",
    log:
        "results/logs/analyse_draws.log",
    benchmark:
        "results/benchmarks/analyse_draws.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200, per_mb=60),
    params:
        analysis=plain(STUDY.analysis, exclude=NO_MODEL_READS),
        primary=QUESTION,
        seed=STUDY.seed,
        code=code("analyse_draws.py"),
    script:
        "../scripts/analyse_draws.py"


rule analyse_placebos:
    """Labels as many historical patients treated as were treated, again and again, and finds the answer among theirs."""
    input:
        patients="results/cohort/primary/patients.parquet",
        visits="results/cohort/primary/visits.parquet",
        weights="results/balance/primary/weights.parquet",
        matched_sets="results/balance/primary/matched_sets.parquet",
        gates="results/balance/primary/gates.parquet",
        dictionary=DICTIONARY,
    output:
        ard="results/analysis/primary/placebos/ard.parquet",
    log:
        "results/logs/analyse_placebos.log",
    benchmark:
        "results/benchmarks/analyse_placebos.tsv"
    priority: 3
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200, per_mb=70),
    params:
        analysis=section("analysis", exclude=NO_MODEL_READS),
        placebo_cohorts=STUDY.sensitivity.placebo_cohorts.model_dump(mode="json"),
        primary=QUESTION,
        seed=STUDY.seed,
        code=code("analyse_placebos.py"),
    script:
        "../scripts/analyse_placebos.py"


rule analyse_events:
    """Counts adverse events, clearance of the virus, deaths and discharges, and compares days free of support."""
    input:
        patients="results/cohort/primary/patients.parquet",
        events="results/cohort/primary/events.parquet",
        observations="results/cohort/primary/observations.parquet",
        summaries="results/cohort/primary/summaries.parquet",
        weights="results/balance/primary/weights.parquet",
        matched_sets="results/balance/primary/matched_sets.parquet",
        gates="results/balance/primary/gates.parquet",
        dictionary=DICTIONARY,
    output:
        ard="results/analysis/primary/events/ard.parquet",
    log:
        "results/logs/analyse_events.log",
    benchmark:
        "results/benchmarks/analyse_events.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200, per_mb=50),
    params:
        outcomes=COUNTED,
        primary=QUESTION,
        analysis=section("analysis", exclude={"overturn", "permutation"}),
        recorded=RECORDABLE_EVENTS,
        free_days=STUDY.cohort.free_days,
        horizon_days=STUDY.cohort.horizon_days,
        seed=STUDY.seed,
        code=code("analyse_events.py"),
    script:
        "../scripts/analyse_events.py"


rule analyse_grid:
    """Contrasts the arms in all outcomes under every scenario of the batch {wildcards.batch}."""
    input:
        patients=cohort_path("patients"),
        visits=cohort_path("visits"),
        weights=balance_path("weights"),
        matched_sets=balance_path("matched_sets"),
        gates=balance_path("gates"),
        primary=PRIMARY_TABLES,
        dictionary=DICTIONARY,
    output:
        ard="results/analysis/grid/{batch}.parquet",
    log:
        "results/logs/analyse_grid/{batch}.log",
    benchmark:
        "results/benchmarks/analyse_grid/{batch}.tsv"
    # The longest jobs begin first: one begun last runs while the other processors have nothing left to do.
    priority: 4
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200, per_mb=100),
    params:
        outcomes=MODELLED,
        variants=variants,
        shared=lambda wildcards: wildcards.batch not in COHORT_BATCHES,
        analysis=GRID_ANALYSIS,
        primary=QUESTION,
        days=STUDY.sensitivity.days or [STUDY.primary.day],
        seed=STUDY.seed,
        code=code("analyse_grid.py"),
    script:
        "../scripts/analyse_grid.py"


rule analyse_specification:
    """Answers for the primary outcome under every combination of reading, weighting and estimand."""
    input:
        patients="results/cohort/grid/specification/patients.parquet",
        visits="results/cohort/grid/specification/visits.parquet",
        weights="results/balance/grid/specification/weights.parquet",
        matched_sets="results/balance/grid/specification/matched_sets.parquet",
        gates="results/balance/grid/specification/gates.parquet",
        dictionary=DICTIONARY,
    output:
        ard="results/analysis/specification/ard.parquet",
    log:
        "results/logs/analyse_specification.log",
    benchmark:
        "results/benchmarks/analyse_specification.tsv"
    priority: 3
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200, per_mb=150),
    params:
        readings={name: one.value for name, one in GRID.get("specification", {}).items()},
        weightings=specified_weightings(STUDY),
        estimands=STUDY.sensitivity.specification.estimands,
        analysis=GRID_ANALYSIS,
        primary=QUESTION,
        seed=STUDY.seed,
        code=code("analyse_specification.py"),
    script:
        "../scripts/analyse_specification.py"


rule assess_robustness:
    """Asks whether one patient, the unobserved or the days before time zero would change an answer."""
    input:
        patients="results/cohort/primary/patients.parquet",
        visits="results/cohort/primary/visits.parquet",
        observations="results/cohort/primary/observations.parquet",
        weights="results/balance/primary/weights.parquet",
        matched_sets="results/balance/primary/matched_sets.parquet",
        gates="results/balance/primary/gates.parquet",
        dictionary=DICTIONARY,
    output:
        ard="results/analysis/primary/robustness/ard.parquet",
    log:
        "results/logs/assess_robustness.log",
    benchmark:
        "results/benchmarks/assess_robustness.tsv"
    priority: 3
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200, per_mb=100),
    params:
        outcomes=MODELLED,
        analysis=section("analysis", exclude=NO_MODEL_READS),
        sensitivity=STUDY.sensitivity.model_dump(
            mode="json", include={"leave_one_out", "leave_one_out_most", "tipping", "placebo_days"}
        ),
        primary=QUESTION,
        seed=STUDY.seed,
        code=code("assess_robustness.py"),
    script:
        "../scripts/assess_robustness.py"
