//! In code because one call of `defusedxml.defuse_stdlib()` mends the whole process.

use crate::prelude::*;

/// Parsers of a text given first.
const OF_TEXT: &[&str] = &[
    "xml.etree.ElementTree.fromstring",
    "xml.etree.ElementTree.fromstringlist",
    "xml.etree.ElementTree.XML",
    "xml.etree.ElementTree.XMLID",
    "xml.etree.cElementTree.fromstring",
    "xml.etree.cElementTree.fromstringlist",
    "xml.etree.cElementTree.XML",
    "xml.etree.cElementTree.XMLID",
    "xml.sax.parseString",
    "xml.dom.minidom.parseString",
    "xml.dom.pulldom.parseString",
    "xml.dom.expatbuilder.parseString",
    "xml.dom.expatbuilder.parseFragmentString",
];

const OF_STREAM: &[&str] = &[
    "xml.etree.ElementTree.parse",
    "xml.etree.ElementTree.iterparse",
    "xml.etree.ElementTree.XMLParser",
    "xml.etree.ElementTree.XMLPullParser",
    "xml.etree.ElementTree.ElementTree().parse",
    "xml.etree.cElementTree.parse",
    "xml.etree.cElementTree.iterparse",
    "xml.etree.cElementTree.XMLParser",
    "xml.etree.cElementTree.XMLPullParser",
    "xml.sax.parse",
    "xml.sax.make_parser",
    "xml.sax.expatreader.create_parser",
    "xml.sax.expatreader.ExpatParser",
    "xml.dom.minidom.parse",
    "xml.dom.pulldom.parse",
    "xml.dom.expatbuilder.parse",
    "xml.dom.expatbuilder.parseFragment",
    "xml.parsers.expat.ParserCreate",
    "pyexpat.ParserCreate",
];

pub fn check(context: &mut Context<'_, '_>) {
    let mut found = Vec::new();
    for call in context.calls() {
        if let Some(path) = call
            .paths
            .iter()
            .find(|path| OF_TEXT.contains(&path.as_str()))
        {
            // A text of the program's own.
            if context
                .arg(call, None, Some(0))
                .given()
                .is_some_and(|(at, text)| context.values.constant(at, text).is_some())
            {
                continue;
            }
            found.push((call.range, *path));
        } else if let Some(path) = call
            .paths
            .iter()
            .find(|path| OF_STREAM.contains(&path.as_str()))
        {
            // A parser that is made to be given to another call is one finding, not two.
            found.push((call.range, *path));
        }
    }
    if found.is_empty() || context.project_calls("defusedxml", &["defusedxml.defuse_stdlib"]) {
        return;
    }
    for (range, path) in &found {
        if found
            .iter()
            .any(|(outer, _)| outer != range && outer.contains_range(*range))
        {
            continue;
        }
        context.report(
            *range,
            format!("{path} expands entities as far as the linked expat lets it"),
        );
    }
}
