//! Policies are read by the rule on credentials; where cookies come along, that one reports.

use super::rule_cors_any_origin_with_credentials::policies;
use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    for policy in policies(context) {
        if !policy.credentials {
            context.report(
                policy.range,
                format!("{} lets any web site read the responses", policy.what),
            );
        }
    }
}
