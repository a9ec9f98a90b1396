"""What was decided before results were known? `snakemake seal` writes the plan beside config.yaml.

Reads: config and raw files, for their hashes alone. Writes: plan.sealed.json in the study folder, which is no result:
it is kept under version control, and reports say how the config stands to it.
"""


rule seal:
    """Seals the plan of the config, or adds what has changed since as an amendment."""
    input:
        raw=list(dict.fromkeys(declared_files(STUDY).values())),
    log:
        "results/logs/seal.log",
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        plan=plan_of(STUDY),
        # Made for this job alone: every command reads this file.
        declared=lambda wildcards: declaration_text(DECLARED),
        program=VERSION,
        commit=lambda wildcards: git_state(PROGRAM)["git_commit"],
        code=code("seal_plan.py"),
    script:
        "../scripts/seal_plan.py"
