# The primary model by nlme, from rows that second_program.py made of the raw exports: estimate, log-likelihood.
# Random intercepts with a variance for each arm, residuals with a scale for each arm, one continuous AR(1).
suppressPackageStartupMessages(library(nlme))
arguments <- commandArgs(trailingOnly = TRUE)
rows <- read.csv(arguments[1])
L <- read.csv(arguments[2])$L
columns <- grep("^x", names(rows), value = TRUE)
rows$arm <- factor(rows$treated)
rows$controls <- 1 - rows$treated
fit <- lme(
  reformulate(c("0", columns), "y"),
  data = rows,
  random = list(person = pdDiag(~ 0 + controls + treated)),
  correlation = corCAR1(0.5, form = ~ day | person),
  weights = varIdent(form = ~ 1 | arm),
  method = "REML",
  # Its default tolerances stop 0.05 of the log-likelihood, and 0.3 mmHg, short of the maximum.
  control = lmeControl(maxIter = 500, msMaxIter = 500, msMaxEval = 2000, tolerance = 1e-9, msTol = 1e-10)
)
cat(sprintf("%.10g %.10g\n", sum(L * fixef(fit)), as.numeric(logLik(fit))))
