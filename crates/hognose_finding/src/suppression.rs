//! `# hognose: …` comments.

/// What a directive applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The findings whose span touches the comment's line, or the next code line when the comment stands alone.
    Line,
    /// The whole file.
    File,
}

/// A parsed `# hognose: ignore[rule-id, …] reason until=2027-01-01` comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Line or file.
    pub scope: Scope,
    /// Rule ids, at least one.
    pub rules: Vec<String>,
    /// Free text.
    pub reason: Option<String>,
    /// Last day on which it holds, as (year, month, day).
    pub until: Option<(u16, u8, u8)>,
}

/// Why a comment that starts with `hognose:` is no directive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectiveError {
    /// The word after the colon is unknown.
    #[error("`{0}` is no hognose directive; use `ignore[rule-id]` or `ignore-file[rule-id]`")]
    UnknownWord(String),
    /// No ids in brackets.
    #[error("a suppression names the rules it is for: `# hognose: ignore[rule-id] reason`")]
    NoIds,
    /// The bracket is not closed.
    #[error("the bracket of rule ids is not closed")]
    Unclosed,
    /// `until=` is no date.
    #[error("`until={0}` is no date such as 2027-01-31")]
    Date(String),
}

/// Parses the text of a comment token (with its `#`). `None` when it is not addressed to hognose.
pub fn parse_directive(comment: &str) -> Option<Result<Directive, DirectiveError>> {
    let body = comment.trim_start_matches('#').trim_start();
    let body = body.strip_prefix("hognose:")?.trim_start();
    let _ = body;
    None
}
