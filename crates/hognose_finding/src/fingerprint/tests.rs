use super::*;

/// A poor man's tokenizer for one statement: names that begin with an underscore or are one letter long are local.
fn tokens(text: &str) -> Vec<Token<'_>> {
    const KEYWORDS: [&str; 10] = [
        "return", "in", "not", "and", "or", "if", "await", "for", "lambda", "assert",
    ];
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let length =
            if rest.starts_with(['"', '\'']) || rest.starts_with("b'") || rest.starts_with("B\"") {
                let open = rest.find(['"', '\'']).unwrap();
                let quote = &rest[open..=open];
                open + 2 + rest[open + 1..].find(quote).unwrap()
            } else if rest.starts_with(is_name) {
                rest.find(|c| !is_name(c)).unwrap_or(rest.len())
            } else {
                1
            };
        let (token, after) = rest.split_at(length);
        found.push(
            if token.ends_with(['"', '\'']) || token.starts_with(|c: char| c.is_ascii_digit()) {
                Token::Literal(token)
            } else if KEYWORDS.contains(&token) || !token.starts_with(is_name) {
                Token::Symbol(token)
            } else {
                Token::Name {
                    text: token,
                    local: token.starts_with('_') || token.len() == 1,
                }
            },
        );
        rest = after.trim_start();
    }
    found
}

fn words(text: &str) -> String {
    normalise(tokens(text)).join(" ")
}

fn same(a: &str, b: &str) {
    assert_eq!(words(a), words(b));
}

#[test]
fn a_statement() {
    assert_eq!(
        words("x = run(\"a %s\" % y, shell=True, z=x)"),
        "$0 = run ( 'a %s % $1 , shell = True , $2 = $0 )"
    );
}

#[test]
fn renaming_keeps_it() {
    same("x = run(y, x)", "_output = run(_arguments, _output)");
    assert_ne!(words("x = run(y, x)"), words("x = run(y, y)"));
    assert_ne!(words("run(y)"), words("call(y)"));
    assert_ne!(words("run(user)"), words("run(y)"));
}

#[test]
fn formatting_keeps_it() {
    same("run(a, b)", "run(\n    a,\n    b,\n)");
    same("run('it', \"x\")", "run(\"it\", 'x')");
    same("return (run(a))", "return run(a)");
    same("x = (a and b)", "x = a and b");
    same("x = [a, b,]", "x = [a, b]");
    same("x = ('a' 'b' 'c')", "x = 'abc'");
    same("x = 0XFF + 1_000", "x = 0xff + 1000");
    same("x = B\"a\"", "x = b'a'");
    assert_ne!(words("run(b'a')"), words("run('a')"));
    assert_ne!(words("run('a', 'b')"), words("run('ab')"));
    assert_ne!(words("run(b'a' 'b')"), words("run(b'ab')"));
}

#[test]
fn calls_keep_their_brackets() {
    assert_eq!(words("fun(a)(b)[c](d)"), "fun ( $0 ) ( $1 ) [ $2 ] ( $3 )");
    assert_eq!(words("x = (a + b) * c"), words("x = a + b * c"));
}

#[test]
fn literals() {
    assert_eq!(literal("'it\\'s'"), literal("\"it's\""));
    assert_eq!(literal("'\\n'"), "'\\n");
    assert_eq!(literal("r'\\n'"), "r'\\n");
    assert_eq!(literal("Rb'x'"), literal("bR\"\"\"x\"\"\""));
    assert_eq!(literal("u'x'"), literal("'x'"));
    assert_eq!(literal("''"), "'");
    assert_eq!(literal("'''a\r\nb'''"), "'a\nb");
    assert_eq!(literal("it's {"), "it's {");
    assert_eq!(literal("1."), "1.0");
    assert_eq!(literal(".5E3"), "0.5e3");
    for broken in ["'", "\"", "'''", "b'", "'ä", "rb\"ä", "'\\"] {
        literal(broken);
    }
}

#[test]
fn words_do_not_run_together() {
    let hash = |words: &[&str]| {
        let mut builder = FingerprintBuilder::new("r");
        for word in words {
            builder.word(word);
        }
        builder.finish()
    };
    assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
    assert_ne!(hash(&["ab"]), hash(&["ab", ""]));
    // The scheme is part of what users keep in baselines: this number changes only together with `SCHEME`.
    assert_eq!(SCHEME, 1);
    assert_eq!(
        format!(
            "{:032x}",
            FingerprintBuilder::new("r")
                .statement(tokens("x = f('a')"))
                .finish()
        ),
        "9442db5696d580c3d4bf0ffc4b242899"
    );
}

#[test]
fn ordinals() {
    let mut findings: Vec<Finding> = [
        ("b.py", 2, 7),
        ("a.py", 9, 7),
        ("a.py", 1, 8),
        ("a.py", 3, 7),
    ]
    .into_iter()
    .map(|(file, line, content)| crate::finding::sample(file, line, content, ""))
    .collect();
    assign_ordinals(&mut findings);
    let ordinals: Vec<u32> = findings
        .iter()
        .map(|finding| finding.fingerprint.ordinal)
        .collect();
    assert_eq!(ordinals, [2, 1, 0, 0]);
}
