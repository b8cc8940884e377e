use hognose_python::*;
use rayon::prelude::*;
use std::time::Instant;
fn walk(p: &std::path::Path, out: &mut Vec<std::path::PathBuf>) {
    for e in std::fs::read_dir(p).unwrap() {
        let e = e.unwrap().path();
        if e.is_dir() {
            walk(&e, out)
        } else if e.extension().is_some_and(|x| x == "py") {
            out.push(e)
        }
    }
}
fn main() {
    let mut files = vec![];
    for a in std::env::args().skip(1) {
        walk(a.as_ref(), &mut files);
    }
    rayon::ThreadPoolBuilder::new()
        .stack_size(256 << 20)
        .build_global()
        .unwrap();
    let t = Instant::now();
    let mods: Vec<_> = files
        .par_iter()
        .filter_map(|f| {
            let b = std::fs::read(f).unwrap();
            let t = Text::decode(b).ok()?;
            Some(lower(
                f.to_string_lossy().into(),
                SourceKind::Module,
                ir::Symbol::from("m"),
                false,
                t,
            ))
        })
        .collect();
    println!(
        "{} files {} lines {:?}",
        mods.len(),
        mods.iter().map(|m| m.text.line_count()).sum::<usize>(),
        t.elapsed()
    );
    println!(
        "exprs {} stmts {} defs {}",
        mods.iter().map(|m| m.exprs().count()).sum::<usize>(),
        mods.iter().map(|m| m.stmts().count()).sum::<usize>(),
        mods.iter().map(|m| m.defs().count()).sum::<usize>()
    );
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    for l in s
        .lines()
        .filter(|l| l.starts_with("VmHWM") || l.starts_with("VmRSS"))
    {
        println!("{l}");
    }
    let t = Instant::now();
    let n: usize = files
        .par_iter()
        .filter_map(|f| {
            let b = std::fs::read_to_string(f).ok()?;
            Some(
                ruff_python_parser::parse_unchecked_source(
                    &b,
                    ruff_python_ast::PySourceType::Python,
                )
                .suite()
                .len(),
            )
        })
        .sum();
    println!("parse only {n} {:?}", t.elapsed());
}
