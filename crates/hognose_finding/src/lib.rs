//! The words every part of hognose shares.
//!
//! A [`Finding`] is one reported instance of a rule at a [`Location`]. A [`Report`] is everything one run has to say:
//! findings, what could not be analysed, and which practices were assessed. Nothing here knows Python, prints, reads
//! files or serializes; the binary does.

mod baseline;
mod finding;

mod fingerprint;
mod location;
mod practice;
mod report;
mod rule;
mod suppression;

pub use baseline::{Baseline, BaselineEntry, BaselineMatch};
pub use finding::{Finding, Fix, FixSafety, Label, Replacement, Step, Suppressed};
pub use fingerprint::{Fingerprint, FingerprintBuilder, SCHEME, assign_ordinals};
pub use location::{Cell, Location, Position};
pub use practice::Practice;
pub use report::{Assessment, DataFlow, FileFailure, Note, Report, Source, SourceUse};
pub use rule::{Confidence, Persona, RuleMeta, Severity};
pub use suppression::{
    Comment, Date, Directive, DirectiveError, Extent, FileSuppressions, Foreign, NamedRule, Parsed,
    Placed, Reach, Remark, SUPPRESSION_RULES, Tool, Vocabulary, is_addressed, parse_comment,
};
