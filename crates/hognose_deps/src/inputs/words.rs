//! The words of a command line, split as a POSIX shell does it.

/// Splits at white space outside of quotes. Quotes are taken off; what they hold is not expanded. An end that is
/// missing is that of the text.
pub fn words(text: &str) -> Vec<String> {
    words_at(text).into_iter().map(|(_, word)| word).collect()
}

/// The same, each with its offset.
pub fn words_at(text: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut begin = 0;
    let mut characters = text.chars();
    loop {
        let at = text.len() - characters.as_str().len();
        let Some(c) = characters.next() else { break };
        if word.is_none() {
            begin = at;
        }
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(characters.by_ref().take_while(|c| *c != '\''));
            }
            '"' => {
                let word = word.get_or_insert_default();
                while let Some(c) = characters.next() {
                    match c {
                        '"' => break,
                        '\\' => match characters.next() {
                            Some(escaped @ ('"' | '\\' | '$' | '`')) => word.push(escaped),
                            Some(other) => word.extend(['\\', other]),
                            None => {}
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(characters.next()),
            c if c.is_whitespace() => words.extend(word.take().map(|word| (begin, word))),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word.map(|word| (begin, word)));
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(
            words(r#" a 'b c'd "e \" f" g\ h '' "#),
            ["a", "b cd", "e \" f", "g h", ""]
        );
        assert_eq!(words("'no end"), ["no end"]);
    }
}
