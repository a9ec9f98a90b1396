# R's side: Rscript peers.R <lme4|nlme|pbkrtest|mmrm> <task> <folder> <repeats>
arguments <- commandArgs(trailingOnly = TRUE)
peer <- arguments[1]; task <- arguments[2]; folder <- arguments[3]; repeats <- as.integer(arguments[4])

column <- function(name) {
  path <- file.path(folder, paste0(name, ".bin"))
  readBin(path, "double", n = file.size(path) / 8)
}
table <- as.data.frame(lapply(setNames(nm = c("id", "day", "arm", "x", "y")), column))
table$id <- factor(as.integer(table$id))

forget_peak <- function() {
  invisible(gc())
  if (file.exists("/proc/self/clear_refs")) cat("5", file = "/proc/self/clear_refs")
}
peak_megabytes <- function() {
  line <- grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}
shortest <- function(work, prepare = function() NULL) {
  best <- Inf
  for (k in seq_len(repeats)) {
    prepared <- prepare()
    used <- proc.time()
    result <- work(prepared)
    best <- min(best, sum((proc.time() - used)[c("user.self", "sys.self")]))
  }
  list(seconds = best, result = result)
}
tell <- function(...) {
  values <- list(peer = peer, ..., peak_mb = round(peak_megabytes(), 1))
  shown <- vapply(values, function(v) if (is.character(v)) dQuote(v, FALSE) else format(v, digits = 12), "")
  cat("{", paste0('"', names(values), '": ', shown, collapse = ", "), "}\n", sep = "")
}

day7 <- c(0, 1, 0, 0, 7)
if (peer %in% c("lme4", "pbkrtest")) {
  suppressMessages(library(lme4))
  formula <- y ~ arm * day + x + (day | id)
  # made anew for every repeat, because a fit changes them in place and the next would start where it ended
  prepare <- function() lFormula(formula, table)
  fit <- function(parts) {
    deviance <- do.call(mkLmerDevfun, parts)
    mkMerMod(environment(deviance), optimizeLmer(deviance), parts$reTrms, parts$fr)
  }
}

if (peer == "lme4") {
  forget_peak()
  run <- shortest(fit, prepare)
  peak <- peak_megabytes()
  whole <- shortest(function(...) lmer(formula, table))$seconds
  m <- run$result
  tell(seconds = run$seconds, with_formula = whole, loglik = as.numeric(logLik(m)), arm = fixef(m)[["arm"]])
} else if (peer == "pbkrtest") {
  suppressMessages(library(pbkrtest))
  m <- lmer(formula, table)
  forget_peak()
  run <- shortest(function(...) {
    adjusted <- vcovAdj(m)
    # coefficients in lme4's order: intercept, arm, day, x, arm:day
    c(sqrt(day7 %*% as.matrix(adjusted) %*% day7), Lb_ddf(day7, vcov(m), adjusted))
  })
  tell(seconds = run$seconds, se = run$result[1], df = run$result[2])
} else if (peer == "nlme") {
  suppressMessages(library(nlme))
  forget_peak()
  correlation <- if (task == "slope_car1") corCAR1(form = ~ day | id) else NULL
  under <- function(optimiser) {
    control <- lmeControl(maxIter = 200, msMaxIter = 500, opt = optimiser)
    shortest(function(...) {
      lme(y ~ arm * day + x, data = table, random = ~ day | id, correlation = correlation, control = control)
    })
  }
  # nlme's default optimiser gives up on some of these data sets; its other one then has its chance
  run <- tryCatch(under("nlminb"), error = function(condition) under("optim"))
  m <- run$result
  tell(seconds = run$seconds, with_formula = run$seconds, loglik = as.numeric(logLik(m)), arm = fixef(m)[["arm"]])
} else if (peer == "mmrm") {
  suppressMessages(library(mmrm))
  table$visit <- factor(table$day)
  forget_peak()
  run <- shortest(function(...) mmrm(y ~ arm * day + x + us(visit | id), data = table, method = "Kenward-Roger-Linear"))
  m <- run$result
  tell(seconds = run$seconds, with_formula = run$seconds, loglik = as.numeric(logLik(m)), arm = coef(m)[["arm"]])
}
