//! PROC MIXED: the mixed model, MMRM, and the constrained analysis of all measurements.

use super::models::{Model, PAIR, PAIR_AT_A_VISIT, lsmeans, text};
use super::terms::Terms;
use crate::plan::{Ddf, Information};
use crate::report::exhibits::Material;
use crate::trial::design::ACTIVE;

impl Model<'_> {
    /// The procedure and the data step of its answers.
    pub fn mixed(&self, material: &Material, number: &str, terms: &Terms, random: &[&str], several: bool) -> String {
        let analysis = &material.plan.analysis;
        // The record's own: of a product the first-order form is given where the second-order one was asked for.
        let linear = text(self.first, "ddf") == Ddf::KenwardRogerLinear.name();
        let ddfm = match analysis.ddf {
            _ if linear => "ddfm=kr(firstorder)",
            Ddf::KenwardRoger => "ddfm=kr",
            Ddf::KenwardRogerLinear => "ddfm=kr(firstorder)",
            Ddf::Satterthwaite => "ddfm=satterthwaite",
            Ddf::BetweenWithinSas => "ddfm=bw",
            // PROC MIXED does not have mmrm's rule: its degrees of freedom are given.
            Ddf::BetweenWithin | Ddf::Residual | Ddf::Asymptotic => "ddfm=residual",
        };
        let df = match (analysis.ddf, self.first.result.df) {
            (Ddf::Asymptotic, _) => " df=1e10".to_owned(),
            (Ddf::BetweenWithin, Some(df)) => format!(" df={df}"),
            _ => String::new(),
        };
        let scoring = if analysis.information == Information::Expected { " scoring=200" } else { "" };
        let alpha = self.level();
        let (before, covariance) = if let [term] = random
            && term.starts_with("pair(")
        {
            let arms = material.trial.design.arms.labels().len();
            let visits = self.visits.len() + usize::from(self.first.result.method == "clda");
            (pair_matrices(number, arms, visits), pair(number, visits))
        } else {
            (String::new(), covariance(random))
        };
        let difference = self.first.result.method == "mmrm-difference";
        let class = terms.class(!difference, several);
        let mut out = format!(
            "{before}proc mixed data=m{number} method=reml convh=1e-12 maxiter=500{scoring};\n  class patient cell {class};\n  \
             model y = {} / {ddfm};\n{covariance}",
            terms.model()
        );
        let (table, keep) = match self.first.result.method {
            "clda" => {
                for visit in &self.visits {
                    out.push_str(&format!(
                        "  estimate 'v{visit}' arm{ACTIVE}_visit{visit} 1 / cl alpha={alpha}{df};\n"
                    ));
                }
                ("estimates", "visit_number = input(substr(label, 2), best12.); sign = 1;")
            }
            "mmrm-difference" if several => {
                // Knees that are alike in what the model adjusts for.
                let alike: Vec<&str> =
                    terms.mean.iter().copied().filter(|term| term.ends_with("_difference")).collect();
                let at = match alike.len() {
                    0 => String::new(),
                    n => format!(" at ({})=({})", alike.join(" "), vec!["0"; n].join(" ")),
                };
                out.push_str(&format!("  lsmeans visit_number /{at} cl alpha={alpha}{df};\n"));
                ("lsmeans", "sign = 1;")
            }
            "mmrm-difference" => {
                let visit = self.visits.first().copied().unwrap_or_default();
                out.push_str(&format!("  estimate 'v{visit}' intercept 1 / cl alpha={alpha}{df};\n"));
                ("estimates", "visit_number = input(substr(label, 2), best12.); sign = 1;")
            }
            _ => {
                out.push_str(&lsmeans(several, &format!(" cl alpha={alpha}{df}")));
                ("diffs", if several { PAIR_AT_A_VISIT } else { PAIR })
            }
        };
        out.push_str(&format!("  ods output {table}=found{number};\nrun;\n"));
        out.push_str(&self.collect(number, keep, several || table == "estimates"));
        out
    }
}

/// The matrices of `pair(visit|patient)` for TYPE=LIN: a variance or covariance within a knee each, then between knees.
fn pair_matrices(number: &str, arms: usize, visits: usize) -> String {
    let last = arms - 1;
    format!(
        "data pair{number};\n  value = 1; parm = 0;\n  do between = 0 to 1; do a = 1 to {visits}; do b = 1 to a;\n    \
         parm = parm + 1;\n    do k = 0 to {last}; do m = 0 to {last}; if (k ne m) = between then do;\n      \
         row = k*{visits} + a; col = m*{visits} + b; output;\n      \
         if a ne b then do; row = k*{visits} + b; col = m*{visits} + a; output; end;\n    \
         end; end; end;\n  end; end; end;\n  keep parm row col value;\nrun;\n"
    )
}

/// The REPEATED statement that uses them.
fn pair(number: &str, visits: usize) -> String {
    let q = visits * (visits + 1);
    format!("  repeated treatment*visit_number / subject=patient type=lin({q}) ldata=pair{number};\n")
}

/// The RANDOM and REPEATED statements of the covariance of a patient's measurements.
fn covariance(random: &[&str]) -> String {
    let term = random.join(" + ").replace(' ', "");
    match term.as_str() {
        "(1|patient)+(1|patient:knee)+(1|patient:visit)" => {
            "  random intercept treatment visit_number / subject=patient;\n".to_owned()
        }
        "(1|patient)" => "  random intercept / subject=patient;\n".to_owned(),
        "(1|patient)+(1|patient:knee)" => "  random intercept treatment / subject=patient;\n".to_owned(),
        "(1|patient)+(1|patient:visit)" => "  random intercept visit_number / subject=patient;\n".to_owned(),
        "us(knee|patient)" => "  repeated treatment / subject=patient type=un;\n".to_owned(),
        "cs(treatment|patient)" => "  repeated treatment / subject=patient type=cs;\n".to_owned(),
        "us(cell|patient)" => "  repeated cell / subject=patient type=un;\n".to_owned(),
        "us(visit|patient)" => "  repeated visit_number / subject=patient type=un;\n".to_owned(),
        "csh(visit|patient)" => "  repeated visit_number / subject=patient type=csh;\n".to_owned(),
        "cs(visit|patient)" => "  repeated visit_number / subject=patient type=cs;\n".to_owned(),
        "ar1h(visit|patient)" => "  repeated visit_number / subject=patient type=arh(1);\n".to_owned(),
        "ar1(visit|patient)" => "  repeated visit_number / subject=patient type=ar(1);\n".to_owned(),
        "kron(us(knee),us(visit)|patient)" => kronecker("un"),
        "kron(us(knee),ar1(visit)|patient)" => kronecker("ar(1)"),
        "kron(us(knee),cs(visit)|patient)" => kronecker("cs"),
        _ => String::new(),
    }
}

fn kronecker(visits: &str) -> String {
    format!("  repeated treatment visit_number / subject=patient type=un@{visits};\n")
}

#[cfg(test)]
mod tests {
    use super::{covariance, pair, pair_matrices};

    #[test]
    fn structures_become_their_statements() {
        assert!(
            covariance(&["kron(us(knee), ar1(visit) | patient)"])
                .contains("repeated treatment visit_number / subject=patient type=un@ar(1);")
        );
        assert!(
            covariance(&["(1|patient)", "(1|patient:knee)", "(1|patient:visit)"])
                .contains("random intercept treatment visit_number")
        );
        assert!(covariance(&["cs(treatment|patient)"]).contains("type=cs;"));
        assert!(pair("1", 3).contains("type=lin(12) ldata=pair1;"));
        assert!(pair_matrices("1", 2, 3).contains("row = k*3 + a; col = m*3 + b; output;"));
        assert!(covariance(&["us(cell|patient)"]).contains("repeated cell / subject=patient type=un;"));
    }
}
