"""What will be done? Written from the config alone: no file of patients is read, and no result exists for it.

Reads: config, words, dictionary, and plan.sealed.json where there is one. Writes: results/protocol/, for `snakemake protocol`.
"""


rule protocol:
    """Writes the protocol in every language and as JSON (also in CDISC's USDM), before any outcome is read."""
    input:
        seal=SEALED,
        words=[LOCALES / f"{lang}.yaml" for lang in STUDY.languages],
        templates=sorted(TEMPLATES.iterdir()),
        dictionary=DICTIONARY,
        differences=DIFFERENCES,
    output:
        pages=PROTOCOL,
        machine="results/protocol/protocol.json",
        usdm="results/protocol/usdm.json",
    log:
        "results/logs/protocol.log",
    benchmark:
        "results/benchmarks/protocol.tsv"
    conda:
        "../envs/environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1000),
    params:
        config=STUDY.model_dump(mode="json"),
        program=VERSION,
        code=code("write_protocol.py"),
    script:
        "../scripts/write_protocol.py"
