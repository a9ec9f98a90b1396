"""What does it look like? One job per family of figures and language.

Reads: results/ard.parquet, results/cohort/primary/display.parquet. Writes: results/figures/{lang}/*.svg.
"""


rule draw_trajectories:
    """Draws one figure per outcome: patients, model means with bands, numbers at risk, in {wildcards.lang}."""
    input:
        ard="results/ard.parquet",
        display="results/cohort/primary/display.parquet",
        words=LOCALES / "{lang}.yaml",
        dictionary=DICTIONARY,
    output:
        figures=figure_paths("trajectory"),
    log:
        "results/logs/draw_trajectories/{lang}.log",
    benchmark:
        "results/benchmarks/draw_trajectories/{lang}.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    params:
        family="trajectory",
        config=STUDY.model_dump(mode="json"),
        code=code("draw_figures.py"),
    script:
        "../scripts/draw_figures.py"


use rule draw_trajectories as draw_forest with:
    output:
        figures=figure_paths("forest"),
    log:
        "results/logs/draw_forest/{lang}.log",
    benchmark:
        "results/benchmarks/draw_forest/{lang}.tsv"
    params:
        family="forest",
        config=STUDY.model_dump(mode="json"),
        code=code("draw_figures.py"),


use rule draw_trajectories as draw_flow with:
    output:
        figures=figure_paths("flow"),
    log:
        "results/logs/draw_flow/{lang}.log",
    benchmark:
        "results/benchmarks/draw_flow/{lang}.tsv"
    params:
        family="flow",
        config=STUDY.model_dump(mode="json"),
        code=code("draw_figures.py"),


use rule draw_trajectories as draw_love with:
    output:
        figures=figure_paths("love"),
    log:
        "results/logs/draw_love/{lang}.log",
    benchmark:
        "results/benchmarks/draw_love/{lang}.tsv"
    params:
        family="love",
        config=STUDY.model_dump(mode="json"),
        code=code("draw_figures.py"),


use rule draw_trajectories as draw_overlap with:
    output:
        figures=figure_paths("overlap"),
    log:
        "results/logs/draw_overlap/{lang}.log",
    benchmark:
        "results/benchmarks/draw_overlap/{lang}.tsv"
    params:
        family="overlap",
        config=STUDY.model_dump(mode="json"),
        code=code("draw_figures.py"),


use rule draw_trajectories as draw_calendar with:
    output:
        figures=figure_paths("calendar"),
    log:
        "results/logs/draw_calendar/{lang}.log",
    benchmark:
        "results/benchmarks/draw_calendar/{lang}.tsv"
    params:
        family="calendar",
        config=STUDY.model_dump(mode="json"),
        code=code("draw_figures.py"),
