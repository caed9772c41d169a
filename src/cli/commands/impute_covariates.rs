//! The covariates of `splitknee impute`: columns of the data that hold one value per knee, or one per patient.

use crate::cli::args::impute::ImputeArgs;
use crate::cli::error::CliError;
use crate::cli::input::Source;
use crate::missing::{Covariate, Patient};
use std::collections::{BTreeMap, BTreeSet};

/// A row of the data: the patient's place in the list and the arm.
pub type Place = (usize, usize);

/// Reads the covariates into the patients; `places` has the patient and arm of every row.
///
/// # Errors
/// A column that there is not, numbers among texts, two values of one knee, a knee without a value.
pub fn read(
    args: &ImputeArgs,
    source: &Source,
    places: &[Place],
    patients: &mut [Patient],
) -> Result<Vec<Covariate>, CliError> {
    let mut known: BTreeSet<&str> = BTreeSet::from([&*args.id, &*args.arm, &*args.visit, &*args.value]);
    known.extend(args.baseline.as_deref());
    let mut found = Vec::new();
    let columns = args.covariates.iter().map(|name| (name, false)).chain(args.factors.iter().map(|name| (name, true)));
    for (name, declared) in columns {
        if !known.insert(name.as_str()) {
            return Err(CliError::Usage(format!("--covariates, --factors: `{name}` is named already")));
        }
        let cells = source.labels(name)?;
        let texts = cells.iter().flatten().filter(|cell| cell.trim().parse::<f64>().is_err()).count();
        let is_factor = declared || (texts > 0 && texts == cells.iter().flatten().count());
        let (covariate, values) = if is_factor {
            let levels: BTreeSet<&String> = cells.iter().flatten().collect();
            let levels: Vec<String> = levels.into_iter().cloned().collect();
            let place = |cell: &String| levels.iter().position(|level| level == cell).map(|place| place as f64);
            let values: Vec<Option<f64>> = cells.iter().map(|cell| cell.as_ref().and_then(place)).collect();
            // A factor without any level is missing of everyone.
            (Covariate::factor(name, if levels.is_empty() { vec![String::new()] } else { levels }), values)
        } else {
            // A text among the numbers is refused with its row.
            (Covariate::number(name), source.numbers(name)?)
        };
        let by_knee = by_knee(source, name, places, &values, patients, args)?;
        for (patient, values) in patients.iter_mut().zip(by_knee) {
            patient.covariates.push(values);
        }
        found.push(covariate);
    }
    Ok(found)
}

/// The value of every knee; where the column holds the same for both knees of every patient it is the patient's, and a knee
/// without rows has it too.
fn by_knee(
    source: &Source,
    name: &str,
    places: &[Place],
    values: &[Option<f64>],
    patients: &[Patient],
    args: &ImputeArgs,
) -> Result<Vec<[f64; 2]>, CliError> {
    let mut first: BTreeMap<Place, (f64, usize)> = BTreeMap::new();
    for (row, (place, value)) in places.iter().zip(values).enumerate() {
        let Some(value) = value else { continue };
        let line = source.file_row(row);
        match first.get(place) {
            Some((other, before)) if other != value => {
                return Err(CliError::Refused(format!(
                    "{}: rows {before} and {line}: two values of `{name}` of patient {}'s {} knee; a covariate is known \
                     before treatment and does not change over the visits",
                    source.name(),
                    patients[place.0].label,
                    [&args.active, &args.placebo][place.1]
                )));
            }
            Some(_) => {}
            None => {
                first.insert(*place, (*value, line));
            }
        }
    }
    let of = |patient: usize, arm: usize| first.get(&(patient, arm)).map(|known| known.0);
    let both = |patient: usize| Some((of(patient, 0)?, of(patient, 1)?));
    let of_patient = (0..patients.len()).filter_map(both).all(|(active, placebo)| active == placebo);
    let value = |patient: usize, arm: usize| -> f64 {
        let other = of(patient, 1 - arm).filter(|_| of_patient);
        of(patient, arm).or(other).unwrap_or(f64::NAN)
    };
    Ok((0..patients.len()).map(|patient| [value(patient, 0), value(patient, 1)]).collect())
}
