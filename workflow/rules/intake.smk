"""What did the hospital send? Every cell as text, with its line and the file's hash.

Reads: the files declared under `sources`. Writes: results/intake/{source}/{file}.parquet (table intake).
"""


rule read_file:
    """Reads one file of {wildcards.source} as declared; a wrong declaration is an error, not a guess."""
    input:
        file=raw_path,
        redcap=redcap_dictionary,
        beside=tables_beside,
    output:
        table="results/intake/{source}/{file}.parquet",
    log:
        "results/logs/read_file/{source}-{file}.log",
    benchmark:
        "results/benchmarks/read_file/{source}-{file}.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        declaration=file_declaration,
        code=code("read_file.py"),
    script:
        "../scripts/read_file.py"
