# knees.sas7bdat from knees.csv (haven 2.5.1; ReadStat writes it as SAS does).
d <- read.csv("knees.csv", colClasses = c(pid = "character"))
d$date <- as.Date(d$date)
attr(d$vas, "label") <- "VAS pain (mm)"
suppressWarnings(haven::write_sas(d, "knees.sas7bdat"))
