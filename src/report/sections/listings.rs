//! Listings: who was not analysed or not observed, the patients, their treatments and values, adverse events. What is too
//! long to list here is in `verify/data.csv`, one row per knee and visit.

use crate::report::compose::section as titled;
use crate::report::document::{Block, Part, Section};
use crate::report::exhibits::{Material, harms, listings, survival};

/// The section.
pub fn section(material: &Material) -> Section {
    let mut section = titled(material, "listings");
    section.part = Part::Listings;
    section.blocks.push(Block::Paragraph(material.words.get("text.listings")));
    // In the order of ICH E3, section 16.2: discontinued, deviations, excluded, demographic data, treatment, efficacy, events.
    section.blocks.extend(listings::discontinued(material, "16.2.1").map(Block::Table));
    section.blocks.extend(listings::deviations(material, "16.2.2").map(Block::Table));
    section.blocks.extend(listings::not_analysed(material, "16.2.3").map(Block::Table));
    section.blocks.extend(listings::patients(material, "16.2.4").map(Block::Table));
    section.blocks.extend(listings::treatments(material, "16.2.5").map(Block::Table));
    section.blocks.extend(listings::not_observed(material, "16.2.6").map(Block::Table));
    for endpoint in 0..material.trial.design.endpoints.len() {
        let number = format!("16.2.6.{}", endpoint + 1);
        let listing = match survival::is(material, endpoint) {
            true => survival::listing(material, endpoint, &number),
            false => listings::values(material, endpoint, &number),
        };
        section.blocks.extend(listing.map(Block::Table));
    }
    section.blocks.extend(harms::listing(material, "16.2.7", false).map(Block::Table));
    section
}
