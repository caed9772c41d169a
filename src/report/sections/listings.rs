//! Listings: patients who were not analysed, knees without a value of the primary endpoint, adverse events. The values
//! themselves are in `verify/data.csv`, one row per knee and visit.

use crate::report::compose::section as titled;
use crate::report::document::{Block, Section};
use crate::report::exhibits::{Material, harms, populations};
use crate::table::{Align, Cell, ResultTable};

/// Most rows of a listing in the report.
const LISTED: usize = 400;

/// The section.
pub fn section(material: &Material) -> Section {
    let mut section = titled(material, "listings");
    section.blocks.push(Block::Paragraph(material.words.get("text.listings")));
    section.blocks.extend(not_analysed(material).map(Block::Table));
    section.blocks.extend(not_observed(material).map(Block::Table));
    section.blocks.extend(harms::listing(material, "16.2.7", false).map(Block::Table));
    section
}

/// Patients outside the primary analysis set, with the reason the disposition gives.
fn not_analysed(material: &Material) -> Option<ResultTable> {
    let words = material.words;
    let title = words.say("table.listing_not_analysed", &[("set", &material.set().label)]);
    let mut table = ResultTable::new("l-16-2-1-not-analysed", "16.2.1", title, material.everyone());
    table.headers(words.get("table.patient"), [words.get("listing.reason")]);
    left(&mut table);
    for (patient, member) in material.trial.patients.iter().zip(&material.set().members) {
        if !member {
            let reason = populations::reason(material.plan, patient).map(str::to_owned);
            let reason = reason.unwrap_or_else(|| words.get("flow.no_reason"));
            table.row(patient.id.clone(), 0, vec![Cell::Text(reason)], Vec::new());
        }
    }
    (!table.rows.is_empty() && table.rows.len() <= LISTED).then_some(table)
}

/// Knees of the analysis set without a value of a primary endpoint, by visit.
fn not_observed(material: &Material) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.listing_not_observed");
    let mut table = ResultTable::new("l-16-2-2-not-observed", "16.2.2", title, material.population());
    let headers = ["knee_head", "endpoint", "visit"].map(|key| words.get(&format!("listing.{key}")));
    table.headers(words.get("table.patient"), headers);
    left(&mut table);
    let arms = material.trial.design.arms.labels();
    for endpoint in material.primary_endpoints() {
        let about = material.endpoint(endpoint);
        let members = material.trial.patients.iter().zip(&material.set().members).filter(|(_, member)| **member);
        for (patient, _) in members {
            for knee in patient.knees() {
                for &visit in about.visits.iter().filter(|visit| knee.values[endpoint][**visit].is_none()) {
                    let arm = arms[knee.arm];
                    let site = if knee.side == arm { arm.to_owned() } else { format!("{} ({arm})", knee.side) };
                    let cells = [site, about.name.clone(), material.visit(visit).to_owned()].map(Cell::Text);
                    table.row(patient.id.clone(), 0, cells.to_vec(), Vec::new());
                }
            }
        }
    }
    (!table.rows.is_empty() && table.rows.len() <= LISTED).then_some(table)
}

fn left(table: &mut ResultTable) {
    for column in &mut table.columns {
        column.align = Align::Left;
    }
}
