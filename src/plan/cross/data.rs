//! What must fit together in `[data]`: files, shapes, columns and patterns, and what several files say of one row.

use super::Checker;
use crate::plan::file::{DataPlan, EndpointPlan, PlanFile, Shape};
use crate::plan::named::Named;
use std::collections::BTreeSet;

impl Checker<'_> {
    pub(super) fn data(&mut self, plan: &PlanFile) {
        self.first_day(&plan.data);
        let several = plan.visits.as_ref().is_some_and(|visits| visits.order.len() > 1);
        let allocated = plan.data.allocation.is_some();
        // One file of several may leave the treatment to another.
        let armed = plan.data.observations().any(|table| named(table, "{arm}", &table.columns.arm));
        for (number, table) in plan.data.observations().enumerate() {
            let root = if number == 0 { "data".to_owned() } else { format!("data.{number}") };
            let at = |key: &str| format!("{root}.{key}");
            if table.path.trim().is_empty() {
                self.wrong("SK012", &at("path"), "this text is empty".to_owned(), "fill it in");
            }
            match table.shape {
                Shape::Wide => self.pattern(table, &root, several, armed, allocated),
                Shape::Long | Shape::Bds => self.columns(table, &root, several, armed || allocated),
            }
            if table.columns.visit.is_some() && plan.visits.is_none() {
                let message = "a visit column is named but the plan lists no visits".to_owned();
                let remedy = "add [visits] with `order`, or leave the column out";
                self.wrong("SK014", &at("columns.visit"), message, remedy);
            }
            if let Some(rows) = &table.rows {
                self.condition(&at("where"), rows);
            }
            self.visits_of_file(table, &root, plan);
            for column in &table.fill_down {
                if let Some(endpoint) = plan.endpoints.iter().find(|endpoint| holds_values(table, endpoint, column)) {
                    let message = format!(
                        "`fill_down` would give an empty `{column}` the value above it: a missing value of {} would become \
                         the value of another visit or knee",
                        endpoint.name
                    );
                    let remedy =
                        format!("take `{column}` out of `fill_down`; merged values are taken apart in the spreadsheet");
                    self.wrong("SK048", &at("fill_down"), message, remedy);
                }
            }
            if number == 0 {
                self.files_beside(table);
            }
            if table.header_row == 0 {
                self.wrong(
                    "SK010",
                    &at("header_row"),
                    "rows are counted from 1".to_owned(),
                    "write 1 for the first row",
                );
            }
        }
        self.joined(plan);
    }

    /// A visit that is said of a whole file or sheet.
    /// The day of treatment is day 0 or day 1.
    fn first_day(&mut self, data: &DataPlan) {
        if let Some(day) = data.event_columns.first_day.filter(|day| *day > 1) {
            let message = format!("the day of treatment has the number 0 or 1, not {day}");
            self.wrong("SK010", "data.event_columns.first_day", message, "write 1 where the file has no day 0, else 0");
        }
    }

    fn visits_of_file(&mut self, table: &DataPlan, root: &str, plan: &PlanFile) {
        let order: &[Named] = plan.visits.as_ref().map(|visits| visits.order.as_slice()).unwrap_or_default();
        let said =
            table.visit.iter().map(|visit| ("visit", visit)).chain(table.sheets.iter().map(|name| ("sheets", name)));
        for (key, visit) in said.filter(|(_, visit)| !order.iter().any(|known| known.is(visit))) {
            let message = format!("`{visit}` is no visit of the plan");
            let remedy = "write it as in `visits.order`, or list it there; a sheet of another name takes `[[data]]` with \
                          `sheet` and `visit`";
            self.wrong("SK009", &format!("{root}.{key}"), message, remedy);
        }
        if (table.visit.is_some() || !table.sheets.is_empty()) && table.columns.visit.is_some() {
            let message = "the visit is said both of the whole file and by a column".to_owned();
            self.wrong("SK014", &format!("{root}.columns"), message, "leave one of them out");
        }
        if !table.sheets.is_empty() && (table.sheet.is_some() || table.visit.is_some()) {
            let message = "`sheets` stands for `sheet` and `visit` of each".to_owned();
            self.wrong("SK014", &format!("{root}.sheets"), message, "leave `sheet` and `visit` out");
        }
    }

    /// The files beside the observations.
    fn files_beside(&mut self, data: &DataPlan) {
        let files = [
            ("patients", &data.patients),
            ("allocation", &data.allocation),
            ("adverse_events", &data.adverse_events),
            ("disposition", &data.disposition),
        ];
        for (key, file) in files {
            let Some(file) = file else { continue };
            if let Some(rows) = &file.rows {
                self.condition(&format!("data.{key}.where"), rows);
            }
            if file.header_row == Some(0) {
                let message = "rows are counted from 1".to_owned();
                self.wrong("SK010", &format!("data.{key}.header_row"), message, "write 1 for the first row");
            }
        }
        let columns = &data.allocation_columns;
        let sided = columns.left.is_some() || columns.right.is_some();
        if columns.left.is_some() != columns.right.is_some() {
            let message = "a list with a column per side has one for each".to_owned();
            self.wrong("SK014", "data.allocation_columns", message, "name both `left` and `right`");
        }
        if sided && (columns.knee.is_some() || columns.arm.is_some() || columns.active_knee.is_some()) {
            let message = "the list is described in several ways".to_owned();
            let remedy = "name `left` and `right`, or `knee` and `arm`, or `active_knee`";
            self.wrong("SK014", "data.allocation_columns", message, remedy);
        }
    }

    /// What holds for the tables `[[data]]` after the first.
    fn joined(&mut self, plan: &PlanFile) {
        let sided = |table: &DataPlan| named(table, "{knee}", &table.columns.knee);
        let mut paths =
            BTreeSet::from([(plan.data.path.as_str(), plan.data.sheet.as_deref(), plan.data.rows.as_deref())]);
        for (number, table) in plan.data.further.iter().enumerate() {
            let at = |key: &str| format!("data.{}.{key}", number + 1);
            if !paths.insert((table.path.as_str(), table.sheet.as_deref(), table.rows.as_deref())) {
                let message = format!("the file `{}` is named twice", table.path);
                let remedy = "name each file of observations once, or each of its sheets (`sheet`) or parts (`where`)";
                self.wrong("SK009", &at("path"), message, remedy);
            }
            if sided(table) != sided(&plan.data) {
                let message = "some files tell the knees apart by side and others by treatment".to_owned();
                self.wrong("SK014", &at("columns"), message, "name the `knee` column in every [[data]], or in none");
            }
            let once = [
                ("patients", table.patients.is_some()),
                ("allocation", table.allocation.is_some()),
                ("allocation_columns", table.allocation_columns != Default::default()),
                ("adverse_events", table.adverse_events.is_some()),
                ("event_columns", table.event_columns != Default::default()),
                ("disposition", table.disposition.is_some()),
                ("disposition_columns", table.disposition_columns != Default::default()),
                ("deviations", table.deviations.is_some()),
                ("deviation_columns", table.deviation_columns != Default::default()),
                ("randomisation_date", table.randomisation_date.is_some()),
                ("patient_column", table.patient_column.is_some()),
                ("outside", table.outside),
            ];
            for (key, _) in once.into_iter().filter(|(_, given)| *given) {
                let message = format!("`{key}` holds for the whole trial");
                self.wrong("SK014", &at(key), message, "write it in the first [[data]]");
            }
        }
        if plan.data.further.is_empty() {
            return;
        }
        for (number, endpoint) in plan.endpoints.iter().enumerate() {
            if endpoint.score.as_ref().is_some_and(|score| score.file.is_some()) {
                let message = "of several [[data]], the file of the items is one".to_owned();
                let remedy = "add a [[data]] for it, and leave `file` out";
                self.wrong("SK014", &format!("endpoint.{number}.score.file"), message, remedy);
            }
        }
    }

    /// Long and BDS data: columns that tell visits, treatments and knees.
    fn columns(&mut self, table: &DataPlan, root: &str, several: bool, treated: bool) {
        let path = format!("{root}.columns");
        let columns = &table.columns;
        let whole = table.visit.is_some() || !table.sheets.is_empty();
        if several && columns.visit.is_none() && !whole {
            let message = "there are several visits but no column says which visit a row is".to_owned();
            self.wrong("SK014", &path, message, "add `visit = \"…\"` to `columns`");
        }
        if columns.arm.is_none() && !treated {
            let message = "nothing says which knee got which treatment".to_owned();
            let remedy = "add `arm = \"…\"` to `columns`, or name an `allocation` file";
            self.wrong("SK014", &path, message, remedy);
        }
        let in_code =
            table.shape == Shape::Bds && table.pattern.as_ref().is_some_and(|pattern| pattern.contains("{knee}"));
        if columns.arm.is_none() && columns.knee.is_none() && !in_code {
            let message = "neither side nor arm tells the two knees of a patient apart".to_owned();
            let remedy = match table.shape {
                Shape::Bds => {
                    "add `knee = \"…\"` to `columns`; where the parameter code names the side (VASL, VASR), \
                               declare `pattern = \"{endpoint}{knee}\"`"
                }
                _ => "add `knee = \"…\"` to `columns`",
            };
            self.wrong("SK014", &path, message, remedy);
        }
    }

    fn pattern(&mut self, table: &DataPlan, root: &str, several: bool, armed: bool, allocated: bool) {
        let path = format!("{root}.pattern");
        let Some(pattern) = &table.pattern else {
            let message = "wide data need a pattern of the column names".to_owned();
            let remedy = "add for instance `pattern = \"{endpoint}_{knee}_{visit}\"`";
            self.wrong("SK014", &format!("{root}.shape"), message, remedy);
            return;
        };
        if !pattern.contains("{endpoint}") {
            self.wrong("SK014", &path, "the pattern lacks `{endpoint}`".to_owned(), "add `{endpoint}`");
        }
        let whole = table.visit.is_some() || !table.sheets.is_empty();
        if several && !whole && !named(table, "{visit}", &table.columns.visit) {
            self.wrong("SK014", &path, "nothing says which visit a value is".to_owned(), "add `{visit}`");
        }
        let knee = named(table, "{knee}", &table.columns.knee);
        if !named(table, "{arm}", &table.columns.arm) && !(knee && (allocated || armed)) {
            let remedy = "add `{arm}`, or `{knee}` with an `allocation` file";
            self.wrong("SK014", &path, "nothing says which treatment a value belongs to".to_owned(), remedy);
        }
    }
}

/// Whether a column, or the pattern of wide data, says this of a value.
fn named(table: &DataPlan, place: &str, column: &Option<String>) -> bool {
    let pattern = table
        .pattern
        .as_deref()
        .filter(|_| table.shape == Shape::Wide || (table.shape == Shape::Bds && place == "{knee}"));
    column.is_some() || pattern.is_some_and(|pattern| pattern.contains(place))
}

/// Whether a column of observations holds values of an endpoint: its own, its parts or its items.
fn holds_values(table: &DataPlan, endpoint: &EndpointPlan, column: &str) -> bool {
    let items = endpoint.score.iter().flat_map(|score| &score.items);
    let parts = endpoint.sum_of.iter();
    match table.shape {
        Shape::Long => endpoint.column == *column || parts.chain(items).any(|part| part == column),
        Shape::Bds => table.value == *column,
        Shape::Wide => table
            .pattern
            .as_ref()
            .is_some_and(|pattern| follows(&pattern.replace("{endpoint}", &endpoint.column), column)),
    }
}

/// Whether a name follows a pattern, whatever stands for its places.
fn follows(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('{').enumerate().map(|(number, piece)| match number {
        0 => piece,
        _ => piece.split_once('}').map_or("", |(_, after)| after),
    });
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut places = false;
    for piece in pieces {
        places = true;
        match rest.find(piece) {
            Some(at) => rest = rest.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    places || rest.is_empty()
}
