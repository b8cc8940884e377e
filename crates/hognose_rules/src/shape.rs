//! What the shape of a text says of it: a password somebody chose, a placeholder, a word, something random.

use crate::names::words;

/// What a text given as a password looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// No password: empty, prose, a path, a template, a hash, the name of something.
    Other,
    /// Stands for a password that somebody else fills in.
    Placeholder,
    /// May be a password, or any other word.
    Word,
    /// Hardly anything else: several kinds of characters, or random.
    Strong,
}

/// Words that say "put yours here", and those that a password field is called.
const PLACEHOLDERS: &[&str] = &[
    "changeit",
    "changeme",
    "dummy",
    "example",
    "fake",
    "insert",
    "mock",
    "mypass",
    "mypassword",
    "none",
    "null",
    "passwd",
    "password",
    "passwort",
    "placeholder",
    "pwd",
    "redacted",
    "sample",
    "secret",
    "somepassword",
    "test",
    "testing",
    "todo",
    "token",
    "unknown",
    "unset",
    "your",
    "yourpassword",
    "key",
    "pass",
    "credential",
    "credentials",
    "hidden",
    "passphrase",
    "username",
    "user",
    "undefined",
    "unused",
    "default",
    "foo",
    "bar",
    "baz",
    "foobar",
    "fixme",
    "replace",
    "auth",
    "invalid",
    "wrong",
    "missing",
    "required",
    "optional",
    "keyring",
    "prompt",
    "env",
    "masterkey",
];

/// What a text given as a password looks like.
pub(crate) fn password(text: &str) -> Shape {
    let length = text.chars().count();
    if !(3..=128).contains(&length)
        || text.contains(char::is_whitespace)
        || text.contains(char::is_control)
    {
        return Shape::Other;
    }
    // Filled in later, or found elsewhere.
    if text.contains("%s")
        || text.contains("%(")
        || text.contains("{{")
        || text.contains("${")
        || text.contains("://")
        || text.contains(":\\")
        || text.starts_with("urn:")
        || text.contains("…")
        || text.contains("...")
    {
        return Shape::Other;
    }
    let first = text.as_bytes()[0];
    let last = text.as_bytes()[text.len() - 1];
    if matches!(
        (first, last),
        (b'<', b'>') | (b'{', b'}') | (b'[', b']') | (b'(', b')') | (b'%', b'%') | (b'_', b'_')
    ) {
        return Shape::Placeholder;
    }
    if matches!(first, b'/' | b'~' | b'.' | b'$' | b'!' | b'-')
        || matches!(last, b':' | b'=') && !text.contains(|c: char| c.is_ascii_digit())
    {
        return Shape::Other;
    }
    if one_character(text) {
        return Shape::Placeholder;
    }
    // `DB_PASSWORD`, `auth.password.invalid`, `password-reset`, `new_password`: a name, by the look of it.
    let named = words(text);
    if named
        .iter()
        .any(|word| PLACEHOLDERS.contains(&word.as_str()))
        || PLACEHOLDERS.contains(&text.to_ascii_lowercase().as_str())
    {
        return Shape::Placeholder;
    }
    // Versions, addresses and object identifiers.
    if text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && text.contains('.')
    {
        return Shape::Other;
    }
    let kinds = Kinds::of(text);
    let name_like = kinds.symbols_besides(&['_', '-', '.', '/', ':']) == 0 && kinds.digit == 0;
    if name_like && text.contains(['_', '-', '.', '/', ':']) {
        return Shape::Other;
    }
    if length >= 8
        && (kinds.count() >= 3 && kinds.digit > 0 && !is_camel(text)
            || length >= 16 && is_random(text))
    {
        return Shape::Strong;
    }
    Shape::Word
}

/// Letters in words of one case each, then digits at most at the end: `OAuth2`, `WebSocket13`.
fn is_camel(text: &str) -> bool {
    let letters = text.trim_end_matches(|c: char| c.is_ascii_digit());
    text.len() - letters.len() <= 2 && letters.chars().all(char::is_alphabetic)
}

fn one_character(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next();
    characters.all(|c| Some(c) == first)
}

/// How many characters of each kind.
struct Kinds {
    lower: usize,
    upper: usize,
    digit: usize,
    symbols: Vec<char>,
}

impl Kinds {
    fn of(text: &str) -> Self {
        let mut kinds = Self {
            lower: 0,
            upper: 0,
            digit: 0,
            symbols: Vec::new(),
        };
        for c in text.chars() {
            if c.is_ascii_digit() {
                kinds.digit += 1;
            } else if c.is_uppercase() {
                kinds.upper += 1;
            } else if c.is_alphabetic() {
                kinds.lower += 1;
            } else {
                kinds.symbols.push(c);
            }
        }
        kinds
    }

    fn count(&self) -> usize {
        [self.lower, self.upper, self.digit, self.symbols.len()]
            .iter()
            .filter(|count| **count > 0)
            .count()
    }

    fn symbols_besides(&self, known: &[char]) -> usize {
        self.symbols.iter().filter(|c| !known.contains(c)).count()
    }
}

/// Whether a text was drawn rather than written: hexadecimal, Base64 and the like, without words or order in it.
pub(crate) fn is_random(text: &str) -> bool {
    if text.len() < 16
        || !text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-'))
    {
        return false;
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    if digits < 2 || letters < 4 || is_ordered(text) {
        return false;
    }
    // Words and numbers between dashes.
    let plain = |part: &str| {
        part.bytes().all(|b| b.is_ascii_alphabetic()) || part.bytes().all(|b| b.is_ascii_digit())
    };
    if text.contains(['-', '_']) && text.split(['-', '_']).all(plain) {
        return false;
    }
    let hexadecimal = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f') || b == b'-')
        || text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'A'..=b'F') || b == b'-');
    if hexadecimal {
        return entropy(text) >= 2.8;
    }
    // A number stands behind a word; digits that were drawn stand anywhere.
    let inside = text
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0].is_ascii_digit() && pair[1].is_ascii_alphabetic())
        .count();
    if inside < 2 {
        return false;
    }
    // Words are spelt in long runs of letters of one case.
    let mut run = 0;
    let mut longest = 0;
    let mut before = 0;
    for byte in text.bytes() {
        let kind = if byte.is_ascii_lowercase() {
            1
        } else if byte.is_ascii_uppercase() {
            2
        } else {
            0
        };
        run = if kind != 0 && kind == before {
            run + 1
        } else {
            1
        };
        before = kind;
        longest = longest.max(if kind == 0 { 0 } else { run });
    }
    // Drawn from lower case and digits only, runs are longer.
    let upper = text.bytes().any(|b| b.is_ascii_uppercase());
    let lower = text.bytes().any(|b| b.is_ascii_lowercase());
    let most = if upper && lower { 5 } else { 9 };
    longest <= most && digits * 25 >= text.len() && entropy(text) >= 3.2
}

/// `0123456789abcdef` and other sequences.
fn is_ordered(text: &str) -> bool {
    let steps = text
        .as_bytes()
        .windows(2)
        .filter(|pair| {
            pair[1] == pair[0].wrapping_add(1)
                || pair[1] == pair[0]
                || pair[1] == pair[0].wrapping_sub(1)
        })
        .count();
    steps * 2 > text.len()
}

/// Bits per character.
pub(crate) fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords() {
        for text in [
            "Winter2024!",
            "Xk9!mQ2z",
            "c0rrect-Horse",
            "9f86d081884c7d659a2feaa0c55ad015",
            "p4ssW0rd99x",
        ] {
            assert_eq!(password(text), Shape::Strong, "{text}");
        }
        for text in [
            "hunter2",
            "postgres",
            "admin",
            "letmein",
            "swordfish",
            "OAuth2",
        ] {
            assert_eq!(password(text), Shape::Word, "{text}");
        }
        for text in [
            "changeme",
            "<password>",
            "********",
            "your-password",
            "DB_PASSWORD",
            "PasswordField1",
            "secret",
            "xxx",
        ] {
            assert_eq!(password(text), Shape::Placeholder, "{text}");
        }
        for text in [
            "",
            "Enter it here",
            "/run/key/db",
            "%s",
            "{{ it }}",
            "${DB}",
            "https://a.example/",
            "login.entry",
            "$2b$12$abc",
        ] {
            assert_eq!(password(text), Shape::Other, "{text}");
        }
    }

    #[test]
    fn random_texts() {
        for text in [
            "9f86d081884c7d659a2feaa0c55ad015",
            "x7Kq92LmZp04RtYw",
            "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        ] {
            assert!(is_random(text), "{text}");
        }
        for text in [
            "0123456789abcdef",
            "aaaaaaaaaaaaaaaa11",
            "application_version_2",
            "SomeVeryLongClassName12",
            "your-api-key-goes-here-0001",
            "abcdefghijklmnop",
        ] {
            assert!(!is_random(text), "{text}");
        }
    }
}
