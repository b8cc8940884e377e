//! What is wrong with the suppressions themselves.

use super::{Date, DirectiveError, FileSuppressions, Parsed, Reach, Vocabulary};

/// The rules that speak of suppressions. They are decided here, not in a rule folder.
pub const SUPPRESSION_RULES: [&str; 6] = [
    "suppression-without-rule",
    "suppression-malformed",
    "suppression-of-unknown-rule",
    "suppression-expired",
    "suppression-unused",
    "suppression-without-reason",
];

/// Something wrong with a directive, to be made a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// One of [`SUPPRESSION_RULES`].
    pub rule: &'static str,
    /// One sentence.
    pub message: String,
    /// Offsets in the file.
    pub bytes: (u32, u32),
    /// Line of the comment.
    pub line: u32,
    /// Offsets and the text to put there, where a mechanical mend exists.
    pub mend: Option<((u32, u32), String)>,
}

pub(super) fn remarks(
    file: &FileSuppressions,
    today: Date,
    ran: &dyn Fn(&str) -> bool,
    vocabulary: &dyn Vocabulary,
) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for placed in &file.placed {
        let remark = |rule, message| Remark {
            rule,
            message,
            bytes: placed.bytes,
            line: placed.line,
            mend: None,
        };
        match &placed.parsed {
            Parsed::Foreign(_) => {}
            Parsed::Error(DirectiveError::NoIds) => {
                remarks.push(remark(
                    "suppression-without-rule",
                    format!("This suppresses nothing, for {}", DirectiveError::NoIds),
                ));
            }
            Parsed::Error(error) => {
                remarks.push(remark(
                    "suppression-malformed",
                    format!("This suppresses nothing: {error}"),
                ));
            }
            Parsed::Directive(directive) => {
                let expired = directive.expired(today);
                if let (true, Some(until)) = (expired, directive.until) {
                    let ids: Vec<String> = directive
                        .rules
                        .iter()
                        .map(|named| format!("`{}`", named.id))
                        .collect();
                    remarks.push(remark(
                        "suppression-expired",
                        format!("The suppression of {} ended on {until}", ids.join(", ")),
                    ));
                }
                if directive.reason.is_none() {
                    remarks.push(remark(
                        "suppression-without-reason",
                        "The suppression gives no reason".to_owned(),
                    ));
                }
                let declares = directive.reach == Reach::Function;
                for (named, used) in directive.rules.iter().zip(&placed.used) {
                    let at = placed.id_bytes(named);
                    let (known, nearest, what) = if declares {
                        let known = vocabulary.is_sanitized(&named.id);
                        let what = "kind of flow or rule about one";
                        (known, vocabulary.nearest_sanitized(&named.id), what)
                    } else {
                        let known = vocabulary.is_rule(&named.id);
                        (known, vocabulary.nearest_rule(&named.id), "rule")
                    };
                    if !known {
                        remarks.push(Remark {
                            rule: "suppression-of-unknown-rule",
                            message: match nearest {
                                Some(nearest) => {
                                    format!("No {what} is called `{}`; `{nearest}` is", named.id)
                                }
                                None => format!("No {what} is called `{}`", named.id),
                            },
                            bytes: at,
                            line: placed.line,
                            mend: nearest.map(|nearest| (at, nearest.to_owned())),
                        });
                    } else if *used == 0 && !expired && (declares || ran(&named.id)) {
                        remarks.push(Remark {
                            rule: "suppression-unused",
                            message: if declares {
                                "This stands at no function, so nothing is declared harmless"
                                    .to_owned()
                            } else {
                                format!(
                                    "`{}` finds nothing here that this could suppress",
                                    named.id
                                )
                            },
                            bytes: at,
                            line: placed.line,
                            mend: None,
                        });
                    }
                }
            }
        }
    }
    remarks
}
