//! Scripts that say themselves what they need: PEP 723.

use super::inventory::{Group, Relation, Role};
use super::source::{Reading, Source, file_name};
use super::toml::{self, as_text, place, values};
use super::{Format, Named, requirement};

pub(super) const FORMAT: Format = Format {
    id: "script",
    role: Role::Manifest,
    named: |path| {
        let name = file_name(path);
        if name.ends_with(".py") && name != "setup.py" {
            Named::Perhaps
        } else {
            Named::No
        }
    },
    looks: |text| text.contains(BEGIN) && text.lines().any(|line| line.trim_end() == BEGIN),
    read,
};

const BEGIN: &str = "# /// script";
const END: &str = "# ///";

fn read(source: &Source, reading: &mut Reading) {
    let Some(header) = header(source) else {
        reading.unreadable(source.at(1, 1), "the header of the script has no end");
        return;
    };
    let header = Source::new(&source.path, header.as_bytes());
    let table = toml::parse(&header, reading);
    for value in values(table.get("dependencies")) {
        let place = place(&header, value);
        let Some(text) = as_text(value) else {
            reading.unreadable(place, "a requirement is a text");
            continue;
        };
        let package = requirement::package(text, reading, &place);
        reading.packages.extend(package.map(|mut package| {
            package.groups.push(Group::Main);
            package.relation = Relation::Direct;
            package
        }));
    }
}

/// The text of the file with everything blanked that is not the TOML of its header, so that places stay what they are.
/// The header ends at the last line of comments that is an end: its own text may hold such a line.
fn header(source: &Source) -> Option<String> {
    let lines: Vec<(usize, &str)> = source.lines().collect();
    let begin = lines
        .iter()
        .position(|(_, line)| line.trim_end() == BEGIN)?;
    let block = lines[begin + 1..]
        .iter()
        .take_while(|(_, line)| line.trim_end() == "#" || line.starts_with("# "))
        .count();
    let end = lines[begin + 1..=begin + block]
        .iter()
        .rposition(|(_, line)| line.trim_end() == END)?;
    let mut text = String::with_capacity(lines[begin + 1 + end].0);
    for (number, (offset, line)) in lines[..=begin + end].iter().enumerate() {
        while text.len() < *offset {
            text.push('\n');
        }
        if number > begin {
            text.push_str("  ");
            text.push_str(line.get(2..).unwrap_or_default());
        } else {
            text.extend(std::iter::repeat_n(' ', line.len()));
        }
    }
    Some(text)
}
