//! PROC GLIMMIX and GENMOD: the models of grades, yes/no answers and counts.

use super::models::{Model, PAIR, PAIR_AT_A_VISIT, lsmeans, text};
use super::terms::Terms;

impl Model<'_> {
    /// PROC GLIMMIX with the integration of the plan.
    pub fn glimmix(&self, number: &str, terms: &Terms, random: &[&str], several: bool) -> String {
        let record = self.first;
        let digits: String = text(record, "integration").chars().filter(char::is_ascii_digit).collect();
        let method = if digits.is_empty() { "laplace".to_owned() } else { format!("quad(qpoints={digits})") };
        let ordinal = record.result.method == "ordinal-mixed";
        let (response, dist) = match record.result.method {
            "poisson-mixed" => ("y", "dist=poisson link=log offset=offset"),
            "negative-binomial-mixed" => ("y", "dist=negbin link=log offset=offset"),
            _ if ordinal => ("y(descending)", "dist=multinomial link=clogit"),
            _ => ("y(event='1')", "dist=binary link=logit"),
        };
        let about = if dist.contains("link=log ") {
            "/* Log rates; the estimates are log rate ratios. */"
        } else {
            "/* Descending: log-odds of a higher grade, as splitknee states them. */"
        };
        let alpha = self.level();
        let mut out = format!(
            "{about}\n\
             proc glimmix data=m{number} method={method};\n  class patient {};\n  \
             model {response} = {} / {dist} ddfm=none;\n  random intercept / subject=patient;\n",
            terms.class(true, several),
            terms.model()
        );
        if random.iter().any(|term| term.contains("patient:knee")) {
            out.push_str("  random intercept / subject=treatment(patient);\n");
        }
        for (place, visit) in self.visits.iter().enumerate() {
            let n = self.visits.len();
            let row = |value: i32| (0..n).map(|at| if at == place { value } else { 0 }.to_string()).collect::<Vec<_>>();
            let by_visit = if several {
                format!(" treatment*visit_number {}", [row(-1), row(1)].concat().join(" "))
            } else {
                String::new()
            };
            out.push_str(&format!("  estimate 'v{visit}' treatment -1 1{by_visit} / cl alpha={alpha};\n"));
        }
        out.push_str(&format!("  ods output estimates=found{number};\nrun;\n"));
        out.push_str(&self.collect(number, "visit_number = input(substr(label, 2), best12.); sign = 1; df = .;", true));
        out
    }

    /// PROC GENMOD, whose answers are printed beside ours only.
    pub fn genmod(&self, number: &str, terms: &Terms, several: bool) -> String {
        let (response, dist) = match text(self.first, "family").as_str() {
            "binomial" => ("y(event='1')", "dist=bin link=logit"),
            "poisson" => ("y", "dist=poisson link=log offset=offset"),
            "negative-binomial" => ("y", "dist=negbin link=log offset=offset"),
            _ => ("y", "dist=normal"),
        };
        let mut out = format!(
            "/* GENMOD divides scale and correlation by n - p and has the classical sandwich: INFO. */\n\
             proc genmod data=m{number};\n  class patient {};\n  model {response} = {} / {dist};\n  \
             repeated subject=patient / type=exch;\n{}  ods output diffs=found{number};\nrun;\n",
            terms.class(true, several),
            terms.model(),
            lsmeans(several, ""),
        );
        let keep = if several { PAIR_AT_A_VISIT } else { PAIR };
        out.push_str(&format!(
            "data r_m{number};\n  set found{number};\n  {keep}\n{}  info_estimate = sign * estimate;\n  \
             keep visit_number info_estimate;\nrun;\n",
            self.only_visit(several)
        ));
        out
    }
}
