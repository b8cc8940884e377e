//! Cookies are read by the rule on `Secure`; every framework has its own order of arguments and its own defaults.

use super::rule_cookie_without_secure::{Flag, cookies, report};
use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    for cookie in cookies(context) {
        if cookie.httponly == Flag::Off && !cookie.is_against_forgery() {
            report(context, &cookie, "may be read by scripts");
        }
    }
}
