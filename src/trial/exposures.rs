//! Exposures of counts where a value has no row of its own to share with them: in wide data and in a basic data structure an
//! exposure is read as an endpoint is, under its own column pattern or parameter code, and then filed as one.

use super::design::{Design, Endpoint, Kind};
use super::findings::Findings;
use super::rows::Rows;
use super::sources::Sources;

/// The design with every exposure of `sources` as an endpoint behind those of the plan.
pub fn as_endpoints(design: &Design, sources: &Sources) -> Design {
    let mut design = design.clone();
    for column in &sources.exposures {
        let of = |endpoint: &&Endpoint| endpoint.exposure.as_ref() == Some(column);
        // Of several files one may have the exposure and not the count.
        let counted = design.endpoints.iter().find(of).or(design.endpoints.first());
        let Some(counted) = counted.cloned() else { continue };
        design.endpoints.push(Endpoint {
            id: column.to_lowercase(),
            name: format!("the exposure of {}", counted.name),
            column: column.clone(),
            kind: Kind::Continuous,
            exposure: None,
            range: None,
            step: None,
            ..counted
        });
    }
    design
}

/// Reads observations with the exposures among the endpoints, and files their values by column.
pub fn read(
    design: &Design,
    sources: &Sources,
    findings: &mut Findings,
    rows: &dyn Fn(&Design, &mut Findings) -> Option<Rows>,
) -> Option<Rows> {
    if sources.exposures.is_empty() {
        return rows(design, findings);
    }
    let with = as_endpoints(design, sources);
    let mut rows = rows(&with, findings)?;
    let values = rows.values.split_off(design.endpoints.len().min(rows.values.len()));
    let columns = with.endpoints.iter().skip(design.endpoints.len()).map(|exposure| exposure.column.clone());
    rows.parts.extend(columns.zip(values));
    Some(rows)
}
