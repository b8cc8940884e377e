//! In code because Flask's key is an item of its configuration, and only the name of the item tells it from others.

use crate::prelude::*;

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        if !call.is(&["hashids.Hashids"]) {
            continue;
        }
        let Some((at, salt)) = context.arg(call, Some("salt"), Some(0)).given() else {
            continue;
        };
        if at != context.id {
            continue;
        }
        let salt = context.module.origin(salt);
        let read = context.paths(salt).iter().any(|path| {
            let path = path.as_str();
            path.starts_with("flask.")
                && (path.ends_with(".config[]") || path.ends_with(".config.get()"))
        });
        if read && name_of(context, salt).as_deref() == Some("SECRET_KEY") {
            context.report(call.range, "hashids.Hashids is salted with the application's secret key, which its output gives away");
        }
    }
}
