//! What a project installs, joined with what is known against it and what its code uses of it.
//!
//! [`Disk`] reads the inputs, [`Answers`] judges them, [`reach::Code`] says what of a distribution the code uses. The
//! formats write what the answers hold and decide nothing.

mod accept;
mod answers;
pub mod bom;
pub mod check;
pub mod comments;
mod disk;
pub mod findings;
pub mod fix;
mod interpreter;
pub mod json;
pub mod openvex;
pub mod outdated;
pub mod reach;
pub mod text;
mod texts;

pub use answers::{Answer, Answers, Exploitation, Known, Permission};
pub use disk::Disk;
pub use interpreter::{InterpreterAnswer, interpreter_uses};
pub use texts::Texts;

/// A snapshot of advisories older than this is said to be: some two hundred are published for Python in a month.
pub const STALE_AFTER_DAYS: u32 = 30;
