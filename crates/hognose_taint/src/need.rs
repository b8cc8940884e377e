//! What a hole needs to do harm at a sink: shapes against needs.

use std::sync::Arc;

use hognose_template::{Attribute, AttributeKind, HtmlContext, HtmlTokenizer};

use crate::interpret::{host_is_fixed, is_path_of_host, looks_like};
use crate::model::Need;
use crate::shape::{Alphabet, Facts, Hole, Part, Stretch, holes, prefix};

/// A hole that can do harm.
pub struct Harm {
    /// The hole.
    pub hole: Arc<Hole>,
    /// Only part of the harm.
    pub partial: bool,
}

/// The holes of a text that meet a need.
pub fn harms(need: Need, rule: u8, text: &[Stretch]) -> Vec<Harm> {
    let mut found = Vec::new();
    let mut page = (need == Need::Html).then(HtmlTokenizer::default);
    for (number, stretch) in text.iter().enumerate() {
        let context = page.as_ref().map(HtmlTokenizer::context);
        match (&mut page, stretch) {
            (Some(page), Stretch::Known(known)) => page.feed(known.as_str()),
            (Some(page), _) => page.hole(),
            (None, _) => {}
        }
        let Stretch::Hole(hole) = stretch else {
            continue;
        };
        if hole.cleaned.has(rule) {
            continue;
        }
        let front = &text[..number];
        let back = &text[number + 1..];
        let harm = match &context {
            Some(context) => {
                let harm = hole.alphabet != Alphabet::NONE && html(context, hole);
                harm.then(|| only_breaks(context, hole, back))
            }
            None => meets(need, front, hole, back),
        };
        if let Some(partial) = harm {
            found.push(Harm {
                hole: Arc::clone(hole),
                partial: partial || hole.facts.has_any(Facts::ASKED_YES | Facts::ASKED_NO),
            });
        }
    }
    found
}

/// Whether a text begins like what a sink that is known by its name alone is given.
pub fn starts_as_wanted(need: Need, text: &[Stretch]) -> bool {
    looks_like(need, text)
}

/// Whether a hole between two texts meets a need; `Some(true)` in part only.
fn meets(need: Need, front: &[Stretch], hole: &Hole, back: &[Stretch]) -> Option<bool> {
    let alphabet = hole.alphabet;
    if alphabet == Alphabet::NONE {
        return None;
    }
    let whole = |harm: bool| harm.then_some(false);
    match need {
        Need::Any => whole(true),
        Need::Sql => whole(sql(front, hole)),
        Need::Shell => whole(shell(front, hole)),
        Need::Program => whole(front.is_empty() && !alphabet.within(number())),
        // Below a package of the program's choice nothing but its own modules is found.
        Need::Module => whole(!front.iter().any(
            |stretch| matches!(stretch, Stretch::Known(known) if known.as_str().contains('.')),
        )),
        Need::Argument => {
            let leads = front.is_empty() || known_end(front).is_empty();
            // The name of an option, behind its dashes.
            let names =
                matches!(front, [Stretch::Known(dashes)] if matches!(dashes.as_str(), "-" | "--"));
            whole(
                !alphabet.within(number())
                    && (names
                        || leads && alphabet.contains('-') && !hole.facts.has(Facts::NOT_OPTION)),
            )
        }
        Need::Code => whole(code(front, hole, back)),
        Need::Template => whole(alphabet.contains_any("{%$<#")),
        Need::Path => whole(path(front, hole)),
        Need::FileName | Need::Text => whole(!alphabet.within(number())),
        Need::Url => url(front, hole, back),
        Need::Redirect => match url(front, hole, back) {
            Some(false) => Some(false),
            _ => None,
        },
        Need::Html => whole(html(&HtmlContext::Text, hole)),
        Need::Line => whole(alphabet.contains_any("\n\r")),
        Need::Ldap => whole(alphabet.contains_any("()*\\\u{0}")),
        Need::LdapDn => whole(alphabet.contains_any(",=+<>;\"\\")),
        Need::Xpath => whole(match quote_before(front) {
            Some(quote) => alphabet.contains(quote),
            None => !alphabet.within(number()) && alphabet.contains_any("'\"[]()/=| "),
        }),
        Need::Csv => whole(
            front.is_empty() && alphabet.contains_any("=+-@\t\r") && !alphabet.within(number()),
        ),
        Need::Format => whole(alphabet.contains_any("{")),
        Need::Regex => whole(alphabet.contains_any("*+{(")),
        Need::Object => {
            let structure = (hole.facts.has(Facts::STRUCTURE) || of_caller(hole))
                && !hole.facts.has(Facts::TEXT);
            whole(structure && front.is_empty() && back.is_empty())
        }
        Need::Number => {
            // Where a number is wanted a text is an error.
            let counts =
                alphabet.within(number()) || hole.facts.has(Facts::STRUCTURE) || of_caller(hole);
            whole(counts && !hole.facts.has(Facts::BOUNDED))
        }
    }
}

/// What only a caller knows the kind of.
fn of_caller(hole: &Hole) -> bool {
    hole.taints.iter().all(|taint| !taint.origin.is_source())
}

fn number() -> Alphabet {
    Alphabet::number()
}

/// The known text right before a hole.
fn known_end(front: &[Stretch]) -> &str {
    match front.last() {
        Some(Stretch::Known(known)) => known.as_str(),
        _ => "",
    }
}

/// The quote a place of a text stands inside of, by the known text before it.
pub fn quote_before(front: &[Stretch]) -> Option<char> {
    let mut open: Option<char> = None;
    for stretch in front {
        let Stretch::Known(known) = stretch else {
            continue;
        };
        let mut escaped = false;
        for character in known.as_str().chars() {
            if escaped {
                escaped = false;
                continue;
            }
            match (character, open) {
                ('\\', Some(_)) => escaped = true,
                ('\'' | '"' | '`', None) => open = Some(character),
                (character, Some(quote)) if character == quote => open = None,
                _ => {}
            }
        }
    }
    open
}

fn sql(front: &[Stretch], hole: &Hole) -> bool {
    let alphabet = hole.alphabet;
    match quote_before(front) {
        Some(quote) => alphabet.contains(quote),
        None => {
            if alphabet.within(number()) {
                return false;
            }
            // A word of letters, digits and underscores is a name and nothing else: no statement changes its sense by it unless
            // it stands for a key word, which needs blanks around.
            let word = Alphabet::word("_");
            !alphabet.within(word)
                || !hole.facts.has(Facts::BOUNDED) && alphabet.contains_any(" \t\n(;'\"-")
        }
    }
}

fn shell(front: &[Stretch], hole: &Hole) -> bool {
    let alphabet = hole.alphabet;
    // Blanks around a number make no other command of it.
    if alphabet.within(number()) && !front.is_empty() {
        return false;
    }
    match quote_before(front) {
        Some('\'') => alphabet.contains('\''),
        Some(quote) => alphabet.contains(quote) || alphabet.contains_any("$`\\"),
        None => {
            if hole.facts.has(Facts::ONE_WORD) {
                // As the very command it is a program of a stranger's choice.
                return front.is_empty();
            }
            alphabet.contains_any(" \t\n;|&$`()<>{}*?[]#~!\"'\\")
        }
    }
}

fn code(front: &[Stretch], hole: &Hole, back: &[Stretch]) -> bool {
    let alphabet = hole.alphabet;
    if alphabet.within(number()) {
        return false;
    }
    match quote_before(front) {
        Some(quote) => alphabet.contains(quote) || alphabet.contains_any("\\\n"),
        None if hole.facts.has(Facts::LITERAL) => false,
        None => {
            let word = Alphabet::word("_");
            // A name among others is looked up; as all of the code it is harmless, too.
            !(alphabet.within(word) && (!front.is_empty() || !back.is_empty())
                || alphabet.within(word))
        }
    }
}

/// Whether a hole of a path can lead out of where it was meant to.
fn path(front: &[Stretch], hole: &Hole) -> bool {
    if hole.facts.has(Facts::CONTAINED) {
        return false;
    }
    let alphabet = hole.alphabet;
    if !alphabet.contains('/') {
        // A name. On Windows the other separator counts as well; whoever removed the usual one is taken at their word.
        return false;
    }
    let absolute = !hole.facts.has(Facts::NOT_ABSOLUTE)
        && (front.is_empty() || hole.facts.has(Facts::JOINED) && only_base(front))
        || matches!(front, [Stretch::Known(root)] if root.as_str() == "/");
    let dots = alphabet.contains('.')
        && !hole.facts.has(Facts::NO_DOTS)
        && !hole.facts.has(Facts::NORMALISED);
    if hole.facts.has(Facts::NORMALISED) {
        // What is not absolute and does not lead upwards stays below what it is joined to.
        return !hole.facts.has(Facts::NOT_ABSOLUTE | Facts::NO_DOTS);
    }
    absolute || dots
}

/// Whether what stands before a joined hole is the path it is joined to.
fn only_base(front: &[Stretch]) -> bool {
    known_end(front).ends_with('/')
        || front
            .last()
            .is_none_or(|last| !matches!(last, Stretch::Known(_)))
}

/// The number of no rule: flow rules have lower ones. What is cleaned for a rule is open without one.
pub const NO_RULE: u8 = 63;

/// Whether some hole of a path is open.
pub fn path_is_open(text: &[Stretch]) -> bool {
    !harms(Need::Path, NO_RULE, text).is_empty()
        && holes(text).any(|hole| hole.alphabet.contains('/'))
}

/// Whether a hole of a path is open.
pub fn leads_elsewhere(text: &[Stretch], hole: &Arc<Hole>) -> bool {
    harms(Need::Path, NO_RULE, text)
        .iter()
        .any(|harm| Arc::ptr_eq(&harm.hole, hole))
}

/// Whether a whole URL stays on the host at hand.
pub(crate) fn is_relative(hole: &Hole) -> bool {
    let facts = hole.facts;
    let backslash = hole.alphabet.contains('\\');
    facts.has(Facts::RELATIVE)
        || facts.has(Facts::NO_HOST | Facts::NO_SCHEME) && !backslash
        || facts.has(Facts::SLASH | Facts::NO_TWO_SLASHES)
            && (facts.has(Facts::NO_SLASH_BACKSLASH) || !backslash)
}

/// Whether a hole decides the host of a URL; `Some(true)`: only what is behind it.
fn url(front: &[Stretch], hole: &Hole, _back: &[Stretch]) -> Option<bool> {
    if hole.facts.has(Facts::HOST_CHECKED) || is_relative(hole) {
        return None;
    }
    let alphabet = hole.alphabet;
    if alphabet.within(number()) {
        return None;
    }
    let before = prefix(front);
    let first = front.is_empty();
    if first {
        // A URL, or a path that may begin with a second slash.
        if !alphabet.contains_any("/\\:") {
            return None;
        }
        return Some(false);
    }
    // A path behind something of the program's choice ends the host.
    let ended = hole.facts.has(Facts::SLASH) && !known_end(front).ends_with('/');
    if ended
        || host_is_fixed(before)
        || is_path_of_host(before)
        || front.iter().skip(1).any(|stretch| match stretch {
            Stretch::Known(known) => {
                known.as_str().starts_with('/')
                    || known.as_str().starts_with('?')
                    || known.as_str().starts_with('#')
            }
            _ => false,
        })
    {
        // Behind the host: another path, or further parameters of the query.
        let query = front.iter().any(
            |stretch| matches!(stretch, Stretch::Known(known) if known.as_str().contains('?')),
        );
        return alphabet
            .contains_any(if query { "&#" } else { "/?#\\" })
            .then_some(true);
    }
    let lower = before.to_ascii_lowercase();
    if lower.ends_with("://") || lower.contains("://") {
        // Behind the scheme, or behind a host that can still be continued.
        return Some(false);
    }
    match before.chars().next() {
        Some('/') if before.len() == 1 => {
            let slash = alphabet.contains('/') && !hole.facts.has(Facts::NOT_ABSOLUTE);
            let backslash = alphabet.contains('\\') && !hole.facts.has(Facts::NO_BACKSLASH);
            (slash || backslash).then_some(false)
        }
        Some('/') if before.starts_with("//") => Some(false),
        Some('?' | '#' | '.') => None,
        Some(_) if front.len() == 1 && !before.is_empty() => {
            // A relative path: what is in front belongs to it.
            None
        }
        // Something of the program's choice stands in front: a base URL, most likely with its host.
        _ => Some(true),
    }
}

/// Characters with which no markup does harm: the shortest script takes more, `<a onx=y>` among them.
const SHORT: u8 = 8;

/// Whether a hole leaves the place of an HTML page it stands in.
fn html(context: &HtmlContext, hole: &Hole) -> bool {
    let alphabet = hole.alphabet;
    if alphabet.within(number())
        || matches!(hole.part, Some((Part::At(_, length), _)) if length <= SHORT)
    {
        return false;
    }
    match context {
        HtmlContext::Text | HtmlContext::Rcdata | HtmlContext::ScriptData => alphabet.contains('<'),
        HtmlContext::Comment => alphabet.contains('>'),
        HtmlContext::TagName | HtmlContext::AttributeName => {
            alphabet.contains_any(" \t\n\r\u{c}/>=")
        }
        HtmlContext::QuotedAttribute { quote, attribute } => {
            alphabet.contains(*quote) || attribute_value(attribute, hole)
        }
        HtmlContext::UnquotedAttribute { attribute } => {
            alphabet.contains_any(" \t\n\r\u{c}>") || attribute_value(attribute, hole)
        }
        // A literal (JSON) is a value of the script; only the end tag ends it. A name is looked up, and runs nothing.
        HtmlContext::Script => {
            !alphabet.within(Alphabet::word("_$."))
                && (!hole.facts.has(Facts::LITERAL) || alphabet.contains('<'))
        }
        HtmlContext::ScriptString { quote } => {
            alphabet.contains(*quote)
                || alphabet.contains_any("<\\\n")
                || *quote == '`' && alphabet.contains('$')
        }
        HtmlContext::ScriptComment { block: true } => alphabet.contains_any("*<"),
        HtmlContext::ScriptComment { block: false } => {
            alphabet.contains_any("\n\r<") || alphabet.contains('\u{2028}')
        }
        // Rules of their own read the page by their selectors.
        HtmlContext::Style => alphabet.contains_any("<{}"),
    }
}

/// Whether a hole can end the line of a script early and no more: without the quote and the end tag nothing of it is run, unless
/// more stands on the line, which its last backslash moves out of the string.
fn only_breaks(context: &HtmlContext, hole: &Hole, back: &[Stretch]) -> bool {
    let HtmlContext::ScriptString { quote } = context else {
        return false;
    };
    if *quote == '`' || hole.alphabet.contains(*quote) || hole.alphabet.contains('<') {
        return false;
    }
    for stretch in back {
        match stretch {
            Stretch::Known(known) if known.as_str().contains('\n') => break,
            Stretch::Known(_) => {}
            _ => return false,
        }
    }
    true
}

/// Whether a hole inside of an attribute value does harm without leaving it.
fn attribute_value(attribute: &Attribute, hole: &Hole) -> bool {
    let alphabet = hole.alphabet;
    match attribute.kind {
        // A style of one element runs nothing.
        AttributeKind::Plain | AttributeKind::Style | AttributeKind::Url { runs: false } => false,
        // `javascript:` needs the beginning.
        AttributeKind::Url { runs: true } => {
            attribute.at_start
                && alphabet.contains(':')
                && !hole.facts.has(Facts::SCHEME_CHECKED)
                && !is_relative(hole)
        }
        // The browser replaces character references before it reads the script: what was escaped for HTML is a quote again.
        AttributeKind::Script {
            string: Some(quote),
        }
        | AttributeKind::Expression {
            string: Some(quote),
        } => alphabet.contains(quote) || alphabet.contains_any("\\&\n"),
        AttributeKind::Script { string: None } | AttributeKind::Expression { string: None } => true,
        // A page in an attribute: escaped once it is its text again.
        AttributeKind::Html => !alphabet.within(Alphabet::word(" -_.,:/")),
    }
}
