//! Cookies are read by the rule on `Secure`; every framework has its own order of arguments and its own defaults.

use super::rule_cookie_without_secure::{SameSite, cookies, report};
use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    for cookie in cookies(context) {
        match cookie.samesite {
            SameSite::Anywhere => report(
                context,
                &cookie,
                "goes along with requests from other sites, by SameSite=None",
            ),
            SameSite::Absent => {
                let what = "leaves SameSite to the browser";
                let message = cookie.name.as_ref().map_or_else(
                    || format!("this cookie {what}"),
                    |name| format!("the cookie \"{name}\" {what}"),
                );
                context
                    .report(cookie.range, message)
                    .persona(Persona::Pedantic);
            }
            SameSite::Other => {}
        }
    }
}
