"""What does it look like? One job per language draws every figure.

Reads: results/ard.parquet, results/cohort/primary/display.parquet. Writes: results/figures/{lang}/*.svg, and
results/internal/figures/{lang}/*.svg for what shows more of single patients than may be shared.
"""


rule draw_figures:
    """Draws every figure whose rows are there, in {wildcards.lang}; what has no rows is not drawn."""
    input:
        ard="results/ard.parquet",
        display="results/cohort/primary/display.parquet",
        words=LOCALES / "{lang}.yaml",
        dictionary=DICTIONARY,
    output:
        shared=directory("results/figures/{lang}"),
        internal=directory("results/internal/figures/{lang}"),
    log:
        "results/logs/draw_figures/{lang}.log",
    benchmark:
        "results/benchmarks/draw_figures/{lang}.tsv"
    # Pages wait for the figures.
    priority: 1
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        config=STUDY.model_dump(mode="json"),
        code=code("draw_figures.py"),
    script:
        "../scripts/draw_figures.py"
