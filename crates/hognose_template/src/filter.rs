//! What the filters of the three engines do to HTML.

use crate::Engine;

/// What a filter does to what is dangerous in HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FilterEffect {
    /// The value is no longer escaped by the engine.
    MarksSafe,
    /// The characters `<`, `>`, `&` and quotes are written as references, and the engine does not do so again.
    EscapesHtml,
    /// What comes out cannot leave a string of a script, nor an HTML text. As JSON it brings its own double quotes.
    EscapesScript,
    /// What comes out is percent-encoded.
    UrlEncodes,
    /// A number, a date, or one of a few words comes out, whatever goes in.
    Harmless,
    /// What goes in may come out.
    PassesOn,
}

use FilterEffect::{EscapesHtml, EscapesScript, Harmless, MarksSafe, PassesOn, UrlEncodes};

const JINJA2: &[(FilterEffect, &[&str])] = &[
    (MarksSafe, &["safe"]),
    // These two escape what they are given and mark what they make of it.
    (
        EscapesHtml,
        &["escape", "e", "forceescape", "urlize", "xmlattr"],
    ),
    (EscapesScript, &["tojson"]),
    (UrlEncodes, &["urlencode"]),
    (
        Harmless,
        &[
            "abs",
            "count",
            "filesizeformat",
            "float",
            "int",
            "length",
            "round",
            "wordcount",
        ],
    ),
    (
        PassesOn,
        &[
            "attr",
            "batch",
            "capitalize",
            "center",
            "d",
            "default",
            "dictsort",
            "first",
            "format",
            "groupby",
            "indent",
            "items",
            "join",
            "last",
            "list",
            "lower",
            "map",
            "max",
            "min",
            "pprint",
            "random",
            "reject",
            "rejectattr",
            "replace",
            "reverse",
            "select",
            "selectattr",
            "slice",
            "sort",
            "string",
            "striptags",
            "sum",
            "title",
            "trim",
            "truncate",
            "unique",
            "upper",
            "wordwrap",
        ],
    ),
];

const DJANGO: &[(FilterEffect, &[&str])] = &[
    (MarksSafe, &["safe", "safeseq"]),
    (
        EscapesHtml,
        &["escape", "escapeseq", "force_escape", "json_script"],
    ),
    (EscapesScript, &["escapejs"]),
    (UrlEncodes, &["urlencode"]),
    (
        Harmless,
        &[
            "date",
            "divisibleby",
            "filesizeformat",
            "floatformat",
            "length",
            "length_is",
            "pluralize",
            "slugify",
            "time",
            "timesince",
            "timeuntil",
            "wordcount",
            "yesno",
        ],
    ),
    (
        PassesOn,
        &[
            "add",
            "addslashes",
            "capfirst",
            "center",
            "cut",
            "default",
            "default_if_none",
            "dictsort",
            "dictsortreversed",
            "first",
            "get_digit",
            "iriencode",
            "join",
            "last",
            "linebreaks",
            "linebreaksbr",
            "linenumbers",
            "ljust",
            "localize",
            "lower",
            "make_list",
            "phone2numeric",
            "pprint",
            "random",
            "rjust",
            "slice",
            "stringformat",
            "striptags",
            "title",
            "truncatechars",
            "truncatechars_html",
            "truncatewords",
            "truncatewords_html",
            "unlocalize",
            "unordered_list",
            "upper",
            "urlize",
            "urlizetrunc",
            "wordwrap",
        ],
    ),
];

const MAKO: &[(FilterEffect, &[&str])] = &[
    (EscapesHtml, &["entity", "h", "x"]),
    (UrlEncodes, &["u"]),
    (PassesOn, &["n", "str", "trim", "unicode"]),
];

/// What a filter does that comes with the engine; nothing is known of one that a project or an extension adds.
///
/// Jinja2's `striptags` and Django's only pass on: the former decodes references, the latter promises nothing.
pub fn effect(engine: Engine, name: &str) -> Option<FilterEffect> {
    let table = match engine {
        Engine::Jinja2 => JINJA2,
        Engine::Django => DJANGO,
        Engine::Mako => MAKO,
    };
    let known = table
        .iter()
        .find(|(_, names)| names.contains(&name))
        .map(|(effect, _)| *effect);
    known.or_else(|| (engine == Engine::Mako && name.starts_with("decode.")).then_some(PassesOn))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_of_filters() {
        for (engine, name, expected) in [
            (Engine::Jinja2, "safe", Some(MarksSafe)),
            (Engine::Jinja2, "e", Some(EscapesHtml)),
            (Engine::Jinja2, "tojson", Some(EscapesScript)),
            (Engine::Jinja2, "int", Some(Harmless)),
            (Engine::Jinja2, "striptags", Some(PassesOn)),
            (Engine::Jinja2, "escapejs", None),
            (Engine::Django, "escapejs", Some(EscapesScript)),
            (Engine::Django, "force_escape", Some(EscapesHtml)),
            (Engine::Django, "date", Some(Harmless)),
            (Engine::Django, "urlencode", Some(UrlEncodes)),
            (Engine::Django, "linebreaks", Some(PassesOn)),
            (Engine::Django, "tojson", None),
            (Engine::Mako, "h", Some(EscapesHtml)),
            (Engine::Mako, "decode.utf8", Some(PassesOn)),
            (Engine::Mako, "safe", None),
        ] {
            assert_eq!(effect(engine, name), expected, "{name}");
        }
    }
}
