//! The matrix as one HTML page without scripts, for screen and print.

use std::fmt::Write as _;

use super::{
    Matrix, MatrixRow,
    notes::{CellText, Notes},
};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:90rem;padding:0 1rem}\
.table{overflow-x:auto}\
table{border-collapse:collapse}\
th,td{border:1px solid #8888;padding:.3rem .6rem;text-align:center}\
tbody th{font-family:ui-monospace,monospace;font-weight:normal;text-align:left;white-space:nowrap;position:sticky;left:0;background:Canvas}\
thead th{vertical-align:bottom}\
.yes{background:#2a82}.if{background:#c902}\
.no{color:#707070}\
code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}\
.warning{font-weight:bold}\
@media (prefers-color-scheme:dark){.no{color:#999}}\
@media (max-width:40rem){th,td{padding:.3rem .4rem}tbody th{white-space:normal;overflow-wrap:anywhere;min-width:8.5rem;font-size:.85rem}}\
@media print{body{margin:0;max-width:none;font-size:10pt}.table{overflow:visible}tr,li{break-inside:avoid}thead{display:table-header-group}}";

impl Matrix {
    /// The source expression that allows the style of the page: `style-src 'sha256-…'` (CSP Level 3, section 2.3.1).
    ///
    /// The page needs nothing else: `default-src 'none'; style-src {STYLE_SOURCE}`.
    pub const STYLE_SOURCE: &str = "'sha256-vVt0px4XavPIlkMJmpRjVJ39dy4eQVOCy+Zk1sFZmEo='";

    /// Returns the matrix as one HTML page with this title: a table, its conditions and the findings. The page has no
    /// scripts, loads nothing, follows the browser's light or dark setting, and can be printed. All text is escaped.
    ///
    /// It shows the whole policy, so serve it behind a rule.
    ///
    /// ```
    /// # use auth_runtime::review::AccessPolicy;
    /// # let policy: AccessPolicy = "access-lock 1\nGET /health public \"probe\"\n  operation \"app::health\"".parse()?;
    /// let page = policy.matrix().to_html("Entry book: who may do what");
    /// assert!(page.contains("<th scope=\"row\">GET /health</th>") && !page.contains("<script"));
    /// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
    /// ```
    #[must_use]
    pub fn to_html(&self, title: &str) -> String {
        let (cells, notes) = Notes::of(self);
        let title = escaped(title);
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        );
        page.push_str("<div class=\"table\" role=\"region\" aria-label=\"Access\" tabindex=\"0\">\n<table>\n<thead>\n<tr><td></td>");
        for column in &self.columns {
            let _ = write!(page, "<th scope=\"col\">{}</th>", escaped(&column.to_string()));
        }
        page.push_str("</tr>\n</thead>\n<tbody>\n");
        self.rows.iter().zip(&cells).for_each(|(row, cells)| write_row(&mut page, row, cells));
        page.push_str("</tbody>\n</table>\n</div>\n");
        write_notes(&mut page, &notes);
        self.write_findings(&mut page);
        page.push_str("</body>\n</html>\n");
        page
    }

    fn write_findings(&self, page: &mut String) {
        if self.findings.is_empty() {
            return;
        }
        page.push_str("<h2>Findings</h2>\n<ul>\n");
        for finding in &self.findings {
            let class = if finding.kind.is_warning() { " class=\"warning\"" } else { "" };
            let (subject, message) = (escaped(&finding.subject.to_string()), escaped(&finding.message));
            let kind = finding.kind.as_str();
            let _ = writeln!(page, "<li><span{class}>{kind}</span>: <code>{subject}</code>: {message}</li>");
        }
        page.push_str("</ul>\n");
    }
}

fn write_row(page: &mut String, row: &MatrixRow, cells: &[CellText]) {
    let _ = write!(page, "<tr><th scope=\"row\">{}</th>", escaped(&row.rule.target.to_string()));
    for cell in cells {
        let _ = match cell {
            CellText::Yes => write!(page, "<td class=\"yes\">yes</td>"),
            CellText::No => write!(page, "<td class=\"no\">no</td>"),
            CellText::Note(number) => write!(page, "<td class=\"if\"><a href=\"#if-{number}\">if {number}</a></td>"),
        };
    }
    page.push_str("</tr>\n");
}

fn write_notes(page: &mut String, notes: &Notes) {
    if notes.iter().next().is_none() {
        return;
    }
    page.push_str("<h2>Conditions</h2>\n<ol>\n");
    for (number, note) in notes.iter() {
        let _ = writeln!(page, "<li id=\"if-{number}\"><code>{}</code></li>", escaped(note));
    }
    page.push_str("</ol>\n");
}

/// Escapes text for an element or a quoted attribute (HTML Living Standard, section 13.1.2).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use sha2::{Digest, Sha256};

    use super::{Matrix, STYLE};

    #[test]
    fn the_style_is_the_one_that_its_source_allows() {
        let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        assert_eq!(Matrix::STYLE_SOURCE, format!("'sha256-{hash}'"));
    }
}
