//! In code because an address that begins with `https://` cannot change its scheme, whatever follows.

use crate::prelude::*;

const OPENERS: &[&str] = &[
    "urllib.request.urlopen",
    "urllib.request.urlretrieve",
    "urllib.request.build_opener().open",
    "urllib.request.OpenerDirector().open",
    "urllib.request.URLopener().open",
    "urllib.request.URLopener().retrieve",
    "urllib.request.FancyURLopener().open",
    "urllib.request.FancyURLopener().retrieve",
    "urllib.urlopen",
    "urllib.urlretrieve",
    "urllib.URLopener().open",
    "urllib.FancyURLopener().open",
    "urllib2.urlopen",
    "urllib2.build_opener().open",
    "six.moves.urllib.request.urlopen",
    "six.moves.urllib.request.urlretrieve",
];

const REQUESTS: &[&str] = &[
    "urllib.request.Request()",
    "urllib2.Request()",
    "six.moves.urllib.request.Request()",
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Some(path) = call
            .paths
            .iter()
            .find(|path| OPENERS.contains(&path.as_str()))
        else {
            continue;
        };
        let Argument::Given(at, mut address) = context.arg(call, Some("url"), Some(0)) else {
            continue;
        };
        if at != context.id {
            continue;
        }
        if context
            .paths(address)
            .iter()
            .any(|path| REQUESTS.contains(&path.as_str()))
        {
            // The address lies in the request, where that is made in this scope.
            let made = crate::text::definition(context.values, at, address).unwrap_or(address);
            let Expr::Call { args, .. } = context.module[made] else {
                continue;
            };
            let Some(first) =
                context
                    .module
                    .args(args)
                    .iter()
                    .find(|argument| match argument.kind {
                        ArgKind::Positional => true,
                        ArgKind::Keyword(name) => name.as_str() == "url",
                        _ => false,
                    })
            else {
                continue;
            };
            address = first.value;
        }
        if context.constant(address).is_some() {
            continue;
        }
        let start = context.leading_text(address).to_ascii_lowercase();
        if start.starts_with("https://") || start.starts_with("http://") {
            continue;
        }
        context.report(
            call.range,
            format!(
                "{path} opens file:, ftp: and data: addresses as well, and this one is not constant"
            ),
        );
    }
}
