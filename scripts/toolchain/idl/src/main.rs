//! Print one program's IDL, as `anchor idl build` does.
//!
//! usage: idlgen PROGRAM_DIR [CARGO_TEST_ARGUMENT]...

use std::{env, path::PathBuf};

use anchor_lang_idl::build::IdlBuilder;
use anyhow::Context;

fn main() -> anyhow::Result<()> {
    let mut args = env::args().skip(1);
    let program = PathBuf::from(args.next().context("usage: idlgen PROGRAM_DIR [CARGO_TEST_ARGUMENT]...")?);
    // The library installs the toolchain this variable names, under a wrong name; the caller's PATH decides.
    env::remove_var("RUSTUP_TOOLCHAIN");
    let idl = IdlBuilder::new().program_path(program).skip_lint(false).cargo_args(args.collect()).build()?;
    println!("{}", serde_json::to_string_pretty(&idl)?);
    Ok(())
}
