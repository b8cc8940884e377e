//! `cargo xtask new-rule ID`: a folder that builds and whose page is a test.

use std::fs;

use anyhow::{Result, bail};

use crate::root;

pub(crate) fn run(id: &str) -> Result<()> {
    let kebab = !id.is_empty()
        && id.split('-').all(|part| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        });
    if !kebab {
        bail!(
            "`{id}` is not kebab-case; a rule's id names the bad pattern, such as `request-without-timeout`"
        );
    }
    let folder = root().join("crates/hognose_rules/rules").join(id);
    if folder.exists() {
        bail!("there is a rule `{id}` already: {}", folder.display());
    }
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("rule.toml"), rule_toml(id))?;
    fs::write(folder.join("rule.md"), rule_md(id))?;
    println!("wrote {}", folder.display());
    println!(
        "next: fill both files in (docs/development/rule-format.md), then HOGNOSE_MDTEST={id} cargo test -p hognose_rules --test pages"
    );
    Ok(())
}

fn rule_toml(id: &str) -> String {
    format!(
        r#"id = "{id}"
title = "One line, no full stop"
practice = "input-validation"
cwe = [20]
owasp = ["A03:2021", "A05:2025"]
asvs = []
severity = "medium"
confidence = "medium"
persona = "pedantic"
tags = []
message = "{{callee}} is called"

[[call]]
paths = ["example_library.{}"]
"#,
        id.replace('-', "_")
    )
}

fn rule_md(id: &str) -> String {
    let name = id.replace('-', "_");
    format!(
        "# {id}\n\nWhat is wrong, and how it is exploited.\n\n## Vulnerable\n\n```python\nimport example_library\n\nexample_library.{name}()  # finding: [{id}]\n```\n\n\
         ## Safe\n\n```python\nimport example_library\n\nexample_library.other()\n```\n\n## Fix\n\n## When it is no defect\n\n## References\n\nCWE-20\n"
    )
}
