//! Markdown files as tests.
//!
//! A page for people is also a suite: headings are tests, fenced blocks are files, comments in them are expectations. The
//! manual for those who write such pages is this crate's `README.md`.
//!
//! The crate knows no analyser. A caller says which expectation words there are ([`Vocabulary`]) and gives a function from
//! a [`Section`], the files of one small project, to what it [`Observed`] there. Comparing the two, telling the
//! difference well and running many sections at once is done here.
//!
//! ```no_run
//! use hognose_mdtest::{Observed, Section, Vocabulary};
//!
//! # fn audit(_: &Section) -> Vec<Observed> { vec![] }
//! #[test]
//! fn rule_pages() {
//!     hognose_mdtest::check("rules", &Vocabulary::findings(), |section| audit(section));
//! }
//! ```

mod compare;
mod expectation;
mod run;
mod suite;

pub use compare::{Complaint, Observed, Report};
pub use expectation::{Expectation, Kind, Vocabulary};
pub use run::{FILTER, Failure, Outcome, check, check_files, markdown_files, run, run_suites};
pub use suite::{CONFIGURATION, Counts, File, ParseError, Section, Suite};
