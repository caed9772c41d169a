//! The styles of headings, paragraphs and cells.

use super::xml::{HEAD, WORD};

/// The styles part, with the language for spelling and East Asian line breaking.
pub fn styles(language: &str) -> String {
    // Latin words in Japanese text keep the rules of English; Japanese has its own attribute.
    let east = if language == "ja" { "ja-JP" } else { "en-GB" };
    let style = |id: &str, name: &str, based: &str, paragraph: &str, run: &str| {
        format!(
            "<w:style w:type=\"paragraph\" w:styleId=\"{id}\"><w:name w:val=\"{name}\"/><w:basedOn w:val=\"{based}\"/><w:qFormat/>\
             <w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
        )
    };
    let size = |half_points: u8| format!("<w:sz w:val=\"{half_points}\"/><w:szCs w:val=\"{half_points}\"/>");
    let space = |before: u16, after: u16| {
        format!("<w:spacing w:before=\"{before}\" w:after=\"{after}\" w:line=\"240\" w:lineRule=\"auto\"/>")
    };
    let soft = "<w:color w:val=\"595959\"/>";
    let list = [
        style(
            "BodyText",
            "Body Text",
            "Normal",
            "<w:spacing w:before=\"120\" w:after=\"120\"/><w:ind w:right=\"1400\"/>",
            "",
        ),
        style("LeadingText", "Body Text before a figure", "BodyText", "<w:keepNext/>", ""),
        style("Title", "Title", "Normal", &space(0, 240), &format!("<w:b/>{}", size(36))),
        style("Kind", "Kind of trial", "Normal", &space(60, 60), soft),
        style("Marks", "Marks", "Normal", &space(0, 120), &format!("<w:b/><w:color w:val=\"B00020\"/>{}", size(20))),
        style(
            "Heading1",
            "heading 1",
            "Normal",
            &format!("<w:keepNext/>{}<w:outlineLvl w:val=\"0\"/>", space(480, 160)),
            &format!("<w:b/>{}", size(28)),
        ),
        style(
            "Caption",
            "caption",
            "Normal",
            &format!("<w:keepNext/>{}<w:outlineLvl w:val=\"1\"/>", space(320, 60)),
            "",
        ),
        style(
            "Population",
            "Population",
            "Normal",
            &format!("<w:keepNext/>{}", space(0, 100)),
            &format!("{soft}{}", size(17)),
        ),
        style("Columns", "Columns of a wide table", "Population", &format!("<w:keepNext/>{}", space(200, 60)), ""),
        style(
            "Conclusion",
            "Conclusion",
            "Normal",
            &format!(
                "<w:keepLines/><w:pBdr><w:left w:val=\"single\" w:sz=\"20\" w:space=\"8\" w:color=\"0072B2\"/></w:pBdr>{}<w:ind w:left=\"200\" w:right=\"1000\"/>",
                space(120, 200)
            ),
            &size(22),
        ),
        style("HeadlineLabel", "Headline label", "Normal", &format!("<w:keepNext/>{}", space(160, 0)), soft),
        style("Headline", "Headline", "Normal", &space(0, 120), &format!("<w:b/>{}", size(26))),
        style(
            "ListBullet",
            "List Bullet",
            "Normal",
            &format!("<w:numPr><w:numId w:val=\"1\"/></w:numPr>{}<w:ind w:right=\"1400\"/>", space(0, 60)),
            "",
        ),
        style(
            "ContentsHeading",
            "Contents heading",
            "Normal",
            &format!("<w:keepNext/>{}", space(320, 80)),
            &format!("<w:b/>{soft}"),
        ),
        style(
            "Contents",
            "Contents",
            "Normal",
            &format!("<w:tabs><w:tab w:val=\"right\" w:pos=\"9638\"/></w:tabs>{}", space(0, 40)),
            "",
        ),
        style("Cell", "Table cell", "Normal", &space(24, 24), &size(17)),
        style("Group", "Table group", "Cell", &format!("<w:keepNext/>{}", space(90, 24)), "<w:b/>"),
        style("Fact", "Fact", "Normal", &space(20, 40), &size(17)),
        style("Note", "Table note", "Normal", &space(40, 0), &format!("{soft}{}", size(16))),
        style("Picture", "Picture", "Normal", &format!("<w:keepNext/>{}", space(60, 60)), ""),
        style(
            "Running",
            "Running",
            "Normal",
            &format!("<w:tabs><w:tab w:val=\"right\" w:pos=\"9638\"/></w:tabs>{}", space(0, 0)),
            &format!("{soft}{}", size(15)),
        ),
    ];
    format!(
        "{HEAD}<w:styles xmlns:w=\"{WORD}\"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii=\"Arial\" w:hAnsi=\"Arial\" \
         w:cs=\"Arial\" w:eastAsia=\"Yu Gothic\"/><w:color w:val=\"1A1A1A\"/>{}<w:lang w:val=\"en-GB\" w:eastAsia=\"{east}\"/></w:rPr>\
         </w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:line=\"276\" w:lineRule=\"auto\"/></w:pPr></w:pPrDefault></w:docDefaults>\
         <w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/></w:style>\
         <w:style w:type=\"character\" w:styleId=\"Link\"><w:name w:val=\"Hyperlink\"/><w:rPr><w:color w:val=\"0072B2\"/></w:rPr></w:style>\
         {}</w:styles>",
        size(19),
        list.concat()
    )
}
