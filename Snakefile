"""Treated-versus-historical-controls study: raw exports in, honest reports out."""

from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/config.smk"


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/terminal.smk"
include: "workflow/rules/jobs.smk"
include: "workflow/rules/intake.smk"
include: "workflow/rules/cleaning.smk"
include: "workflow/rules/cohort.smk"
include: "workflow/rules/balance.smk"
include: "workflow/rules/analysis.smk"
include: "workflow/rules/calibration.smk"
include: "workflow/rules/results.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/exports.smk"
include: "workflow/rules/check.smk"
include: "workflow/rules/seal.smk"
include: "workflow/rules/protocol.smk"


CODE.save()


onstart:
    make_private(Path("results"))
    start_jobs_sparingly()


onsuccess:
    print_end()


onerror:
    print_what_failed()


localrules:
    all,
    bundle,
    calibrate,
    check,
    documents,
    pdf,
    seal,


rule all:
    default_target: True
    input:
        reports=collect("results/report/investigator.{lang}.html", lang=STUDY.languages),
        statistician=collect("results/report/statistician.{lang}.html", lang=STUDY.languages),
        cleaning=collect("results/internal/cleaning.{lang}.html", lang=STUDY.languages),
        narratives=collect("results/internal/narratives.{lang}.html", lang=STUDY.languages),
        tables="results/tables/index.csv",
        datasets="results/internal/adam",
        quarantine="results/clean/quarantine.csv",
        ard="results/ard.parquet",
        provenance="results/provenance.json",
        summary="results/summary.txt",
