pub fn check(_: &mut crate::prelude::Context<'_, '_>) {}
