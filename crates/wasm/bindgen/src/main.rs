//! `sealwright-bindgen COMPILED FOLDER` writes `engine.wasm` and `engine.mjs`, the JavaScript that belongs to it.
//!
//! The second one exports one function, `instantiate`, which gives the module's functions with `initSync` among them: each
//! call an instance of its own, so that nothing is left of one that came to a defect. It has nothing in it that fetches.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};
use wasm_bindgen_cli_support::Bindgen;

/// What wasm-bindgen writes, and what becomes of it: from the first text up to the second one all is replaced by the third.
const CHANGES: [[&str; 3]; 4] = [
    ["let wasm_bindgen = (function(exports) {", "/**", "export function instantiate(exports = {}) {\n"],
    ["async function __wbg_load(", "function initSync(", ""],
    ["let __wbg_init_promise;", "return Object.assign(", ""],
    ["return Object.assign(", "", "return Object.assign({ initSync }, exports);\n}\n"],
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(compiled), Some(folder), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: sealwright-bindgen COMPILED FOLDER".into());
    };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).no_modules(true)?.typescript(false).omit_default_module_path(true);
    let mut output = bindgen.remove_name_section(true).remove_producers_section(true).generate_output()?;
    let script = CHANGES.iter().try_fold(output.js().to_owned(), |script, change| changed(&script, change));
    let script = script.ok_or("wasm-bindgen writes its JavaScript in another way than this version did")?;
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("engine.mjs"), script)?;
    fs::write(folder.join("engine.wasm"), output.wasm_mut().emit_wasm())?;
    Ok(())
}

fn changed(script: &str, [from, to, instead]: &[&str; 3]) -> Option<String> {
    let start = script.find(from)?;
    let end = if to.is_empty() { script.len() } else { script.get(start..)?.find(to)?.checked_add(start)? };
    Some(format!("{}{instead}{}", script.get(..start)?, script.get(end..)?))
}
