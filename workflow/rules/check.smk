"""Would this study run, and on which data? On the terminal in seconds, nothing analysed and nothing of a run touched.

Reads: config.yaml and the files that it names. Writes: results/internal/check.html (shows ids), for `snakemake check`.
"""


rule check:
    """Columns, first values as understood, conditions that match no row, findings, patients, values, models, gates."""
    input:
        raw=list(dict.fromkeys(declared_files(STUDY).values())),
    log:
        "results/logs/check.log",
    benchmark:
        "results/benchmarks/check.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    script:
        "../scripts/check_study.py"
