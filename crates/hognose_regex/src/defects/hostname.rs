//! Unescaped dots in domain names.

use super::Defect;
use crate::ast::{Ast, Node, NodeId, NodeKind};

/// Last labels that make a domain name out of words with dots. Those that are also English words or file endings (`is`, `py`,
/// `sh`) are left out.
const TOP_LEVEL: &[&str] = &[
    "com", "org", "net", "edu", "gov", "mil", "info", "biz", "io", "co", "uk", "eu", "de", "fr",
    "nl", "ch", "jp", "cn", "ru", "br", "au", "ca", "dev", "app", "cloud", "online", "site", "xyz",
    "ai", "onion",
];

/// A part of a sequence, as far as names of hosts are concerned.
enum Token {
    /// Letters, digits and dashes, with the number of the first item.
    Label(String),
    /// `.`: any character.
    AnyCharacter(std::ops::Range<usize>),
    /// An escaped dot.
    Dot,
    /// Something that stands for labels: a class, a group, a repetition.
    Wild,
    Other,
}

pub(super) fn find(ast: &Ast) -> Vec<Defect> {
    let mut defects = Vec::new();
    for node in ast.nodes() {
        if let NodeKind::Concat(items) = &node.kind {
            in_sequence(ast, items, &mut defects);
        }
    }
    defects.sort_by_key(|defect| defect.span.start);
    defects
}

fn in_sequence(ast: &Ast, items: &[NodeId], defects: &mut Vec<Defect>) {
    let tokens = tokens(ast, items);
    for (end, token) in tokens.iter().enumerate() {
        let Token::Label(last) = token else { continue };
        if !TOP_LEVEL.contains(&last.to_ascii_lowercase().as_str()) {
            continue;
        }
        // What follows must not be more of a name: `config.component` is no host.
        if matches!(
            tokens.get(end + 1),
            Some(Token::Wild | Token::Dot | Token::AnyCharacter(_))
        ) {
            let ends_name = matches!(
                tokens.get(end + 1),
                Some(Token::AnyCharacter(_) | Token::Dot)
            ) && !matches!(tokens.get(end + 2), Some(Token::Label(_)));
            if !ends_name && !matches!(tokens.get(end + 1), Some(Token::Wild)) {
                continue;
            }
        }
        let mut start = end;
        while start >= 2
            && matches!(tokens[start - 1], Token::Dot | Token::AnyCharacter(_))
            && matches!(tokens[start - 2], Token::Label(_) | Token::Wild)
        {
            start -= 2;
        }
        // A domain needs a name of its own before the last label.
        let named = tokens[start..end].iter().any(|token| matches!(token, Token::Label(label) if label.chars().filter(char::is_ascii_alphanumeric).count() >= 2));
        if start == end || !named {
            continue;
        }
        for token in &tokens[start..end] {
            if let Token::AnyCharacter(span) = token {
                defects.push(Defect {
                    span: span.clone(),
                    reason: "an unescaped dot in a domain name matches any character".into(),
                });
            }
        }
    }
}

fn tokens(ast: &Ast, items: &[NodeId]) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for &item in items {
        let Node { kind, span } = ast.node(item);
        let token = match kind {
            &NodeKind::Literal(c) => match char::from_u32(c) {
                Some('.') => Token::Dot,
                Some(c) if c.is_alphanumeric() || c == '-' => {
                    if let Some(Token::Label(label)) = tokens.last_mut() {
                        label.push(c);
                        continue;
                    }
                    Token::Label(c.into())
                }
                _ => Token::Other,
            },
            NodeKind::Any => Token::AnyCharacter(span.clone()),
            NodeKind::Class(class)
                if class.items.len() == 1
                    && class.items[0].kind == crate::ast::ClassItemKind::Char('.' as u32) =>
            {
                Token::Dot
            }
            NodeKind::Class(_) | NodeKind::Group(..) | NodeKind::Repeat(_) => Token::Wild,
            _ => Token::Other,
        };
        tokens.push(token);
    }
    tokens
}
