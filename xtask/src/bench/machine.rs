//! Where and with what a run was made: figures mean little without it.

use std::path::Path;
use std::process::Command;

/// One thing about the machine or the tools, and what it is.
pub(super) type Fact = (&'static str, String);

/// Asks the system and the tools. What cannot be found out is said to be unknown.
pub(super) fn facts(root: &Path, go: bool) -> Vec<Fact> {
    let mut facts = vec![
        ("processor", processor()),
        ("cores", cores()),
        ("cores to pin to", super::cores::chosen()),
        ("kernel", said(root, "uname", &["-sr"])),
        ("rustc", said(root, "rustc", &["--version"])),
    ];
    if go {
        facts.push(("go", said(root, "go", &["version"])));
        facts.push(("go-plugin", go_plugin(root)));
    }
    facts.push(("revision", revision(root)));
    facts.push(("date", said(root, "date", &["-u", "+%Y-%m-%d"])));
    facts
}

const UNKNOWN: &str = "unknown";

/// The first line that a program prints.
fn said(root: &Path, program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(root).output();
    let output = output.ok().filter(|output| output.status.success());
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let line = text.as_deref().and_then(|text| text.lines().next());
    line.unwrap_or(UNKNOWN).to_owned()
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    model(&text).unwrap_or(UNKNOWN).to_owned()
}

fn model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

fn cores() -> String {
    let cores = std::thread::available_parallelism();
    cores.map_or(UNKNOWN.to_owned(), |cores| cores.to_string())
}

fn go_plugin(root: &Path) -> String {
    let text = std::fs::read_to_string(root.join("interop/go/go.mod")).unwrap_or_default();
    required(&text, "github.com/hashicorp/go-plugin")
        .unwrap_or(UNKNOWN)
        .to_owned()
}

/// The version of a module that a `go.mod` asks for.
fn required<'a>(go_mod: &'a str, module: &str) -> Option<&'a str> {
    let mut words = go_mod.split_whitespace();
    words.find(|word| *word == module)?;
    words.next()
}

/// The commit, and whether what was built is that commit.
fn revision(root: &Path) -> String {
    let commit = said(root, "git", &["rev-parse", "--short=12", "HEAD"]);
    match said(
        root,
        "git",
        &["status", "--porcelain", "--untracked-files=no"],
    )
    .as_str()
    {
        UNKNOWN => commit,
        _ => format!("{commit}, changed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_and_the_version_of_go_plugin_are_found_in_their_files() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Fast CPU @ 3 GHz\ncores\t: 2\n";
        assert_eq!(model(cpuinfo), Some("Fast CPU @ 3 GHz"));
        let go_mod = "module m\n\nrequire (\n\tgithub.com/hashicorp/go-plugin v1.8.0\n)\n";
        let version = required(go_mod, "github.com/hashicorp/go-plugin");
        assert_eq!(version, Some("v1.8.0"));
        assert_eq!((model(""), required("", "x")), (None, None));
    }
}
