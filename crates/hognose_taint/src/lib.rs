//! How data moves through a program: an abstract interpretation that knows, for every text, what a stranger can still put into it.
//!
//! - [`shape`]: texts with holes; what a hole can hold, and how string operations, sanitizers and guards change that.
//! - [`value`]: what an expression may be, and the way it came.
//! - [`state`]: variables and heap at a point, in tables of which copies share what they can.
//! - `interpret`: one body, in the order of its control flow.
//! - [`summary`]: what callers need to know of a function.
//! - [`need`]: what a hole needs to do harm at a sink.
//! - [`analysis`]: all bodies of a project, callees first, in parallel.
//! - `routes`: what the patterns of routes say of arguments.
//! - [`watch`]: what is at the sinks of one place, for whoever asks.
//! - [`model`]: what the engine is told of libraries and rules; it knows none by name.

pub mod analysis;
pub mod facts;
mod interpret;
pub mod model;
pub mod need;
pub(crate) mod routes;
pub mod shape;
pub mod state;
pub mod summary;
pub(crate) mod survey;
pub mod table;
pub mod value;
pub mod watch;

pub use analysis::{Analysis, Chosen, Coverage, Entered, Options, analyse};
pub use model::Models;
pub use survey::{Survey, Surveyor};
pub use watch::Watch;
