//! define.xml 2.1 (CDISC) for the analysis data set: what a reviewer reads beside the data.

use super::analysis_data::{AnalysisData, LABEL, NAME};
use crate::data::{DataError, Values};
use std::collections::BTreeSet;

/// What define.xml says of the study and the file.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// Identifier of the study.
    pub study: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Its protocol; the identifier where there is none.
    pub protocol: Option<&'a str>,
    /// Name of the data file, which lies beside.
    pub file: &'a str,
    /// The moment of creation, `YYYY-MM-DDThh:mm:ss`.
    pub created: &'a str,
}

/// The document.
///
/// # Errors
/// A column of the data set that is not there.
pub fn document(data: &AnalysisData, about: &About<'_>) -> Result<String, DataError> {
    let mut references = String::new();
    let mut items = String::new();
    let mut lists = String::new();
    let mut methods = String::new();
    for (number, origin) in data.origins.iter().enumerate() {
        let name = origin.column.as_str();
        let values = data.table.values(name)?;
        let (kind, length, digits) = kind(name, &values);
        let key = KEYS.iter().position(|key| *key == name).map(|at| format!(" KeySequence=\"{}\"", at + 1));
        let method = origin.method.map(|_| format!(" MethodOID=\"MT.{NAME}.{name}\""));
        let mandatory = if full(&values) { "Yes" } else { "No" };
        references.push_str(&format!(
            "        <ItemRef ItemOID=\"IT.{NAME}.{name}\" OrderNumber=\"{}\" Mandatory=\"{mandatory}\"{}{}/>\n",
            number + 1,
            key.unwrap_or_default(),
            method.unwrap_or_default()
        ));
        let label = data.table.info(name).and_then(|info| info.label.clone()).unwrap_or_default();
        let format = data.table.info(name).and_then(|info| info.format.clone());
        let list = code_list(name, &values);
        items.push_str(&format!(
            "      <ItemDef OID=\"IT.{NAME}.{name}\" Name=\"{name}\" SASFieldName=\"{name}\" DataType=\"{kind}\" \
             Length=\"{length}\"{}{}>\n        <Description><TranslatedText xml:lang=\"en\">{}</TranslatedText></Description>\n{}        \
             <def:Origin Type=\"{}\" Source=\"Sponsor\"/>\n      </ItemDef>\n",
            digits.map(|digits| format!(" SignificantDigits=\"{digits}\"")).unwrap_or_default(),
            format.map(|format| format!(" def:DisplayFormat=\"{}\"", escaped(&format))).unwrap_or_default(),
            escaped(&label),
            list.as_ref().map(|_| format!("        <CodeListRef CodeListOID=\"CL.{name}\"/>\n")).unwrap_or_default(),
            if origin.method.is_some() { "Derived" } else { "Assigned" },
        ));
        if let Some(codes) = list {
            lists.push_str(&format!(
                "      <CodeList OID=\"CL.{name}\" Name=\"{}\" DataType=\"{}\">\n",
                escaped(&label),
                if kind == "text" { "text" } else { kind }
            ));
            for code in codes {
                lists.push_str(&format!("        <EnumeratedItem CodedValue=\"{}\"/>\n", escaped(&code)));
            }
            lists.push_str("      </CodeList>\n");
        }
        if let Some(method) = origin.method {
            methods.push_str(&format!(
                "      <MethodDef OID=\"MT.{NAME}.{name}\" Name=\"Derivation of {name}\" Type=\"Computation\">\n        \
                 <Description><TranslatedText xml:lang=\"en\">{}</TranslatedText></Description>\n      </MethodDef>\n",
                escaped(method)
            ));
        }
    }
    let study = escaped(about.study);
    let oid = oid(about.study);
    let created = about.created;
    let version = env!("CARGO_PKG_VERSION");
    let file = escaped(about.file);
    let title = escaped(about.title);
    let protocol = escaped(about.protocol.unwrap_or(about.study));
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ODM xmlns=\"http://www.cdisc.org/ns/odm/v1.3\" xmlns:def=\"http://www.cdisc.org/ns/def/v2.1\" \
         xmlns:xlink=\"http://www.w3.org/1999/xlink\" ODMVersion=\"1.3.2\" FileType=\"Snapshot\" \
         FileOID=\"{oid}.define\" CreationDateTime=\"{created}\" Originator=\"splitknee\" SourceSystem=\"splitknee\" \
         SourceSystemVersion=\"{version}\" def:Context=\"Other\">\n\
         \x20 <Study OID=\"STDY.{oid}\">\n\
         \x20   <GlobalVariables>\n\
         \x20     <StudyName>{study}</StudyName>\n\
         \x20     <StudyDescription>{title}</StudyDescription>\n\
         \x20     <ProtocolName>{protocol}</ProtocolName>\n\
         \x20   </GlobalVariables>\n\
         \x20   <MetaDataVersion OID=\"MDV.{oid}\" Name=\"{study}, analysis data\" def:DefineVersion=\"2.1.0\">\n\
         \x20     <def:Standards>\n\
         \x20       <def:Standard OID=\"STD.1\" Name=\"ADaMIG\" Type=\"IG\" Version=\"1.3\" Status=\"Final\"/>\n\
         \x20     </def:Standards>\n\
         \x20     <ItemGroupDef OID=\"IG.{NAME}\" Name=\"{NAME}\" SASDatasetName=\"{NAME}\" Repeating=\"Yes\" \
         IsReferenceData=\"No\" Purpose=\"Analysis\" def:Structure=\"One record per subject, knee, parameter and analysis visit\" \
         def:StandardOID=\"STD.1\" def:ArchiveLocationID=\"LF.{NAME}\">\n\
         \x20       <Description><TranslatedText xml:lang=\"en\">{LABEL}</TranslatedText></Description>\n\
         {references}\
         \x20       <def:Class Name=\"BASIC DATA STRUCTURE\"/>\n\
         \x20       <def:leaf ID=\"LF.{NAME}\" xlink:href=\"{file}\"><def:title>{file}</def:title></def:leaf>\n\
         \x20     </ItemGroupDef>\n\
         {items}{lists}{methods}\
         \x20   </MetaDataVersion>\n\
         \x20 </Study>\n\
         </ODM>\n"
    ))
}

/// The columns that tell records apart, in order.
const KEYS: [&str; 5] = ["STUDYID", "USUBJID", "LAT", "PARAMCD", "AVISIT"];

/// The columns whose few values are listed.
const LISTED: [&str; 14] = [
    "LAT", "TRTP", "TRTPN", "TRTA", "TRTAN", "PARAMCD", "PARAM", "PARAMN", "AVISIT", "AVISITN", "ABLFL", "ANL01FL",
    "SEX", "RACE",
];

/// Data type, length and decimals.
fn kind(name: &str, values: &Values) -> (&'static str, usize, Option<usize>) {
    match values {
        Values::Text(cells) => ("text", cells.iter().flatten().map(String::len).max().unwrap_or(1).max(1), None),
        Values::Date(_) => ("integer", 8, None),
        Values::Number(numbers) => {
            let decimals = |value: &f64| value.to_string().split_once('.').map_or(0, |(_, digits)| digits.len());
            match numbers.iter().flatten().map(decimals).max().unwrap_or_default() {
                0 if name != "AVAL" => ("integer", 8, None),
                digits => ("float", 8, Some(digits)),
            }
        }
    }
}

fn full(values: &Values) -> bool {
    match values {
        Values::Text(cells) => cells.iter().all(|cell| cell.as_ref().is_some_and(|cell| !cell.is_empty())),
        Values::Number(cells) => cells.iter().all(Option::is_some),
        Values::Date(cells) => cells.iter().all(Option::is_some),
    }
}

/// The values of a column whose values are listed, in order of appearance.
fn code_list(name: &str, values: &Values) -> Option<Vec<String>> {
    let flag = name.ends_with("FL") && name.len() > 2;
    if !flag && !LISTED.contains(&name) {
        return None;
    }
    let cells: Vec<String> = match values {
        Values::Text(cells) => cells.iter().flatten().cloned().collect(),
        Values::Number(cells) => cells.iter().flatten().map(|value| value.to_string()).collect(),
        Values::Date(_) => return None,
    };
    let mut seen = BTreeSet::new();
    let codes: Vec<String> = cells.into_iter().filter(|cell| !cell.is_empty() && seen.insert(cell.clone())).collect();
    (!codes.is_empty()).then_some(codes)
}

/// The study's identifier as part of another one.
fn oid(study: &str) -> String {
    study.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' }).collect()
}

fn escaped(text: &str) -> String {
    let plain = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    // What XML cannot hold at all.
    plain.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n')).collect()
}
