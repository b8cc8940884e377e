//! The inventory as one page of HTML that needs nothing else: no script, no file, no network.

use std::io::{self, Write};

use hognose_routes::Inventory;

use super::{methods, sums};
use crate::output::visible_line;

const STYLE: &str = "body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222;background:#fff}\
table{border-collapse:collapse;margin:0 0 2em}\
th,td{text-align:left;padding:.25em .8em;border-bottom:1px solid #ddd;vertical-align:top}\
th{background:#f4f4f4}code{font:13px ui-monospace,monospace}\
.public{background:#fde8e8}.unknown{background:#fff4d6}.authenticated{background:#eef4ff}\
.permission,.object{background:#e9f7ec}";

/// Makes a text safe in HTML, between tags and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible_line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A page with a table for each application; rows are coloured by level.
pub(crate) fn write(inventory: &Inventory, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Endpoints</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>Endpoints</h1>\n\
         <p>{}</p>\n",
        sums(inventory),
    )?;
    let mut group: Option<(&str, &str)> = None;
    for endpoint in &inventory.endpoints {
        let key = (endpoint.framework, endpoint.app.as_str());
        if group != Some(key) {
            if group.is_some() {
                out.write_all(b"</tbody></table>\n")?;
            }
            group = Some(key);
            writeln!(
                out,
                "<h2>{} ({})</h2>\n<table><thead><tr><th>Methods</th><th>Path</th><th>Guard</th><th>Level</th>\
                 <th>Verdict</th><th>Layer</th><th>Handler</th><th>Place</th></tr></thead><tbody>",
                escaped(&endpoint.app),
                escaped(endpoint.framework),
            )?;
        }
        writeln!(
            out,
            "<tr class=\"{}\"><td>{}</td><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
             <td><code>{}</code></td><td><code>{}:{}</code></td></tr>",
            endpoint.level.as_str(),
            escaped(&methods(endpoint)),
            escaped(&endpoint.path),
            escaped(&endpoint.guard),
            endpoint.level.as_str(),
            endpoint.verdict.as_str(),
            endpoint.layer,
            escaped(&endpoint.handler),
            escaped(&endpoint.file),
            endpoint.line,
        )?;
    }
    if group.is_some() {
        out.write_all(b"</tbody></table>\n")?;
    }
    out.write_all(b"</body>\n</html>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text() {
        assert_eq!(
            escaped("</td><script src='x'>&\"\u{7}"),
            "&lt;/td&gt;&lt;script src=&#39;x&#39;&gt;&amp;&quot;\\u{7}"
        );
    }
}
