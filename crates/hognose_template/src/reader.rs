//! What the readers of the three languages share: the page, the tags that are open, the names that are bound.

use ruff_text_size::{TextRange, TextSize};

use crate::expression::{Expr, Filter};
use crate::html::HtmlTokenizer;
use crate::{
    Autoescape, Binding, Block, Bound, Fault, Hole, Import, Include, Macro, Surroundings, Template,
};

/// Tags are open in each other to this depth. Deeper ones are a fault, and the rest of the file is not read.
pub const MAX_OPEN: usize = 200;
/// Behind this many faults the rest of the file is not read: it is no template.
pub const MAX_FAULTS: usize = 100;

/// Filters around a hole, and names to which one value is unpacked, are kept up to this number: each hole and each name has a copy.
pub(crate) const MAX_COPIES: usize = 32;

/// Where a name that is bound inside of a tag is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// As if the tag were not there.
    Around,
    /// Inside of the tag.
    Inside,
    /// Inside of the tag, which is a body of its own like that of a function.
    Frame,
}

/// What is done at the end of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AtEnd {
    Nothing,
    Block(usize),
    Macro(usize),
    Text(usize),
}

/// How a tag is opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    pub(crate) scope: Scope,
    /// What is inside may not be run.
    pub(crate) branch: bool,
    /// What is inside is not written here.
    pub(crate) elsewhere: bool,
}

#[derive(Debug)]
struct Open {
    tag: String,
    opening: Opening,
    at_end: AtEnd,
    body: usize,
    /// The page where the tag began, and behind the last branch that changed it.
    entry: HtmlTokenizer,
    changed: Option<HtmlTokenizer>,
    autoescape: Autoescape,
    outer_filters: usize,
    scoped: Vec<usize>,
    branched: Vec<usize>,
}

pub(crate) struct Reader<'a> {
    pub(crate) text: &'a str,
    pub(crate) autoescape: Autoescape,
    /// The page of this file comes from the file it extends.
    pub(crate) child: bool,
    surroundings: &'a Surroundings,
    template: Template,
    page: HtmlTokenizer,
    open: Vec<Open>,
    outer_filters: Vec<Filter>,
    line: u32,
    line_counted_to: usize,
    stopped: bool,
}

pub(crate) fn range(from: usize, to: usize) -> TextRange {
    // `parse_in` lets no text pass that is longer.
    let size = |at: usize| TextSize::try_from(at).unwrap_or(TextSize::new(u32::MAX));
    TextRange::new(size(from), size(to.max(from)))
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str, surroundings: &'a Surroundings) -> Self {
        Self {
            text,
            autoescape: Autoescape::Inherit,
            child: false,
            surroundings,
            template: Template::default(),
            page: HtmlTokenizer::at(surroundings.context.clone()),
            open: Vec::new(),
            outer_filters: Vec::new(),
            line: 1,
            line_counted_to: 0,
            stopped: false,
        }
    }

    pub(crate) fn finish(mut self) -> Template {
        let end = self.text.len();
        while let Some(open) = self.open.pop() {
            self.end(open, end);
        }
        self.template
            .bindings
            .sort_by_key(|binding| binding.scope.start());
        self.template
    }

    /// The rest is not read.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    pub(crate) fn fault(&mut self, message: &'static str, from: usize, to: usize) {
        self.template.faults.push(Fault {
            message,
            range: range(from, to),
        });
        self.stopped |= self.template.faults.len() >= MAX_FAULTS;
    }

    pub(crate) fn literal(&mut self, text: &str) {
        self.page.feed(text);
    }

    /// What stands here is not written: the file it extends takes only blocks and macros.
    fn is_dead(&self) -> bool {
        self.child
            && !self
                .open
                .iter()
                .any(|open| open.opening.scope == Scope::Frame)
    }

    pub(crate) fn hole(
        &mut self,
        value: Expr,
        own_filters: Vec<Filter>,
        autoescape: Autoescape,
        from: usize,
        to: usize,
    ) {
        let mut expression = value;
        let mut filters = Vec::new();
        while let Expr::Filter(inner, filter) = expression {
            expression = *inner;
            filters.push(*filter);
        }
        filters.reverse();
        filters.extend(own_filters);
        let line = self.line(from);
        if !self.is_dead() {
            self.template.holes.push(Hole {
                expression,
                filters,
                outer_filters: self.outer_filters.iter().rev().cloned().collect(),
                autoescape,
                context: self.page.context(),
                range: range(from, to),
                line,
            });
        }
        self.page.hole();
    }

    fn line(&mut self, at: usize) -> u32 {
        let between = self
            .text
            .as_bytes()
            .get(self.line_counted_to..at)
            .unwrap_or_default();
        let lines = between.iter().filter(|c| **c == b'\n').count();
        self.line = self
            .line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.line_counted_to = self.line_counted_to.max(at);
        self.line
    }

    pub(crate) fn include(
        &mut self,
        template: Expr,
        bindings: Vec<(String, Expr)>,
        only: bool,
        from: usize,
        to: usize,
    ) {
        if !self.is_dead() {
            self.template.includes.push(Include {
                template,
                bindings,
                only,
                context: self.page.context(),
                autoescape: self.autoescape,
                range: range(from, to),
            });
        }
        self.page.hole();
    }

    pub(crate) fn import(&mut self, import: Import) {
        self.template.imports.push(import);
    }

    pub(crate) fn extends(&mut self, template: Expr) {
        self.template.extends.push(template);
        // In a branch, the file may also be a page of its own.
        self.child |= self.open.is_empty();
    }

    /// Opens a tag whose body begins at `body`.
    pub(crate) fn open(&mut self, tag: &str, opening: Opening, body: usize) {
        if self.open.len() >= MAX_OPEN {
            if !self.stopped {
                self.fault("too many tags are open", body, body);
            }
            self.stopped = true;
            return;
        }
        let entry = self.page.clone();
        if opening.elsewhere {
            self.page = HtmlTokenizer::default();
        }
        self.open.push(Open {
            tag: tag.to_owned(),
            opening,
            at_end: AtEnd::Nothing,
            body,
            entry,
            changed: None,
            autoescape: self.autoescape,
            outer_filters: self.outer_filters.len(),
            scoped: Vec::new(),
            branched: Vec::new(),
        });
    }

    fn at_end(&mut self, at_end: AtEnd) {
        if let Some(open) = self.open.last_mut() {
            open.at_end = at_end;
        }
    }

    /// Opens a named part.
    pub(crate) fn open_block(&mut self, tag: &str, name: String, body: usize) {
        let context = if self.child {
            self.surroundings
                .blocks
                .get(&name)
                .cloned()
                .unwrap_or_default()
        } else {
            self.page.context()
        };
        let opening = Opening {
            scope: Scope::Frame,
            branch: false,
            elsewhere: self.child && self.is_dead(),
        };
        self.open(tag, opening, body);
        if opening.elsewhere {
            self.page = HtmlTokenizer::at(context.clone());
        }
        self.at_end(AtEnd::Block(self.template.blocks.len()));
        self.template.blocks.push(Block {
            name,
            context: if opening.elsewhere {
                context
            } else {
                self.page.context()
            },
            autoescape: self.autoescape,
            body: range(body, body),
        });
    }

    /// Opens a macro and binds its parameters.
    pub(crate) fn open_macro(
        &mut self,
        tag: &str,
        name: String,
        parameters: Vec<(String, Option<Expr>)>,
        from: usize,
        body: usize,
    ) {
        let opening = Opening {
            scope: Scope::Frame,
            branch: false,
            elsewhere: true,
        };
        self.open(tag, opening, body);
        self.at_end(AtEnd::Macro(self.template.macros.len()));
        for (index, (name, _)) in parameters.iter().enumerate() {
            self.bind(name.clone(), Bound::Parameter(index), from, body);
        }
        self.template.macros.push(Macro {
            name,
            parameters,
            body: range(body, body),
        });
    }

    /// Opens a tag whose text becomes the value of a name.
    pub(crate) fn open_text(&mut self, tag: &str, name: String, from: usize, body: usize) {
        self.bind(name, Bound::Text(range(body, body)), from, body);
        let binding = self.template.bindings.len() - 1;
        let opening = Opening {
            scope: Scope::Frame,
            branch: false,
            elsewhere: true,
        };
        self.open(tag, opening, body);
        self.at_end(AtEnd::Text(binding));
    }

    /// Applies filters to the text of the tag opened last.
    pub(crate) fn filter_body(&mut self, filters: Vec<Filter>) {
        // The innermost is applied first, and is the last here.
        self.outer_filters.extend(filters.into_iter().rev());
        if self.outer_filters.len() > MAX_COPIES {
            self.outer_filters.truncate(MAX_COPIES);
            let at = self.open.last().map_or(0, |open| open.body);
            self.fault("too many filters", at, at);
        }
    }

    /// Another branch of the innermost of `tags` begins.
    pub(crate) fn branch(&mut self, tags: &[&str], at: usize) -> bool {
        let Some(open) = self
            .open
            .last_mut()
            .filter(|open| tags.contains(&open.tag.as_str()))
        else {
            return false;
        };
        let page = std::mem::replace(&mut self.page, open.entry.clone());
        if page != open.entry {
            open.changed = Some(page);
        }
        for index in std::mem::take(&mut open.branched) {
            end_range(&mut self.template.bindings[index].certain, at);
        }
        true
    }

    /// The tag innermost of that name ends at `at`; what is open in it ends too.
    pub(crate) fn close(&mut self, tag: &str, at: usize, to: usize) {
        let Some(position) = self.open.iter().rposition(|open| open.tag == tag) else {
            self.fault("nothing ends here", at, to);
            return;
        };
        if position + 1 < self.open.len() {
            self.fault("something is not ended before this", at, to);
        }
        while self.open.len() > position {
            if let Some(open) = self.open.pop() {
                self.end(open, at);
            }
        }
    }

    fn end(&mut self, open: Open, at: usize) {
        self.autoescape = open.autoescape;
        self.outer_filters.truncate(open.outer_filters);
        if open.opening.elsewhere || self.page == open.entry && open.changed.is_some() {
            self.page = open
                .changed
                .filter(|_| !open.opening.elsewhere)
                .unwrap_or(open.entry);
        }
        let body = range(open.body, at);
        match open.at_end {
            AtEnd::Nothing => {}
            AtEnd::Block(index) => self.template.blocks[index].body = body,
            AtEnd::Macro(index) => self.template.macros[index].body = body,
            AtEnd::Text(index) => {
                let binding = &mut self.template.bindings[index];
                binding.value = Bound::Text(body);
                // In its own text the name has not got it.
                start_range(&mut binding.scope, at);
                start_range(&mut binding.certain, at);
            }
        }
        for index in open.branched {
            end_range(&mut self.template.bindings[index].certain, at);
        }
        for index in open.scoped {
            let binding = &mut self.template.bindings[index];
            end_range(&mut binding.scope, at);
            end_range(&mut binding.certain, at);
        }
    }

    /// The tag or statement from `from` to `to` binds a name behind it, in the innermost scope.
    pub(crate) fn bind(&mut self, name: String, value: Bound, from: usize, to: usize) {
        self.bind_in(name, value, from, to, Scope::Inside);
    }

    /// An attribute of a namespace object gets a value; what it held before may be another attribute.
    pub(crate) fn bind_attribute(
        &mut self,
        name: String,
        attribute: String,
        value: Expr,
        from: usize,
        to: usize,
    ) {
        let value = Bound::Is(Expr::Dict(vec![(Expr::String(attribute), value)]));
        let index = self.template.bindings.len();
        self.bind_in(name, value, from, to, Scope::Frame);
        self.template.bindings[index].certain = range(to, to);
    }

    fn bind_in(&mut self, name: String, value: Bound, from: usize, to: usize, least: Scope) {
        let index = self.template.bindings.len();
        let whole = range(to, self.text.len());
        self.template.bindings.push(Binding {
            name,
            value,
            range: range(from, to),
            scope: whole,
            certain: whole,
        });
        let mut branch = None;
        for (position, open) in self.open.iter().enumerate().rev() {
            if open.opening.branch && open.opening.scope == Scope::Around && branch.is_none() {
                branch = Some(position);
            }
            if open.opening.scope == Scope::Frame || open.opening.scope == least {
                self.open[position].scoped.push(index);
                break;
            }
        }
        if let Some(branch) = branch {
            self.open[branch].branched.push(index);
        }
    }

    /// What was bound last is not certain: it stands where it may not be run.
    pub(crate) fn last_is_uncertain(&mut self) {
        if let Some(binding) = self.template.bindings.last_mut() {
            binding.certain = TextRange::empty(binding.scope.start());
        }
    }

    /// Binds the variables of a loop. Several unpack each element.
    pub(crate) fn bind_loop(
        &mut self,
        targets: Vec<(String, Option<usize>)>,
        of: &Expr,
        from: usize,
        to: usize,
    ) {
        let items = mapping_items(of)
            .filter(|_| targets.len() == 2 && targets.iter().all(|(_, part)| part.is_some()));
        for (name, part) in targets.into_iter().take(MAX_COPIES) {
            let value = match (items, part) {
                (Some(mapping), Some(0)) => Bound::Key(mapping.clone()),
                (Some(mapping), Some(_)) => Bound::Value(mapping.clone()),
                _ => Bound::Element(of.clone(), part),
            };
            self.bind(name, value, from, to);
        }
    }
}

/// The mapping of which an expression is all items: `d.items()`, `d.items`, `d|items`, `d|dictsort`.
fn mapping_items(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Call(callee, arguments) if arguments.is_empty() => mapping_items(callee),
        Expr::Attribute(mapping, name) if matches!(name.as_str(), "items" | "iteritems") => {
            Some(mapping)
        }
        Expr::Filter(mapping, filter) if matches!(filter.name.as_str(), "items" | "dictsort") => {
            Some(mapping_items(mapping).unwrap_or(mapping))
        }
        _ => None,
    }
}

fn end_range(changed: &mut TextRange, at: usize) {
    let end = range(at, at).end();
    if changed.end() > end {
        *changed = TextRange::new(changed.start(), end.max(changed.start()));
    }
}

fn start_range(changed: &mut TextRange, at: usize) {
    let start = range(at, at).start();
    *changed = TextRange::new(start.min(changed.end()), changed.end());
}
