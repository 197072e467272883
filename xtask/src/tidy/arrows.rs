//! Which of our packages may depend on which.

use super::{Finding, Package};

/// A package, and the ones of ours it may depend on. A package under `crates/` without a row here
/// is a breach of its own: its place is to be decided before its first dependency.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "pintle",
        &[
            "pintle-core",
            "pintle-grpc",
            "pintle-tarpc",
            "pintle-interface",
            "pintle-macros",
            "pintle-sandbox",
        ],
    ),
    (
        "pintle-interface",
        &["pintle-core", "pintle-grpc", "pintle-tarpc"],
    ),
    ("pintle-macros", &[]),
    ("pintle-grpc", &["pintle-core", "pintle-mux"]),
    ("pintle-tarpc", &["pintle-core", "pintle-mux"]),
    ("pintle-core", &["pintle-mtls"]),
    ("pintle-sandbox", &["pintle-core"]),
    ("pintle-mtls", &[]),
    ("pintle-mux", &[]),
    (
        TESTKIT,
        &["pintle", "pintle-core", "pintle-mtls", "pintle-mux"],
    ),
    ("xtask", &[]),
];

/// Programs stand where a user stands: they see the facade and nothing below it.
const PROGRAMS: &[&str] = &["examples/", INTEROP];

/// Benchmarks measure the parts beside the whole.
const BENCHES: &str = "benches/";
const FACADE: &str = "pintle";

/// The peers of the Go programs speak the contracts of the examples, so they may take them there.
const INTEROP: &str = "interop/";
const CONTRACTS: &str = "examples/";

/// The facade's documentation shows this example, and its doc tests compile it.
const SHOWN: &str = "greeter";

/// Tests of every package may use it; nothing else may.
const TESTKIT: &str = "pintle-testkit";

/// Every dependency among our own packages is an arrow of the table, of whatever kind it is.
pub(super) fn check(packages: &[Package<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let name = package.member.name.as_str();
        let Some(allowed) = allowed(package) else {
            findings.push(Finding {
                path: package.path.clone(),
                line: 1,
                advice: format!("decide what `{name}` may depend on: a row in xtask's arrows.rs"),
            });
            continue;
        };
        for dependency in &package.member.dependencies {
            let target = dependency.name.as_str();
            let Some(ours) = packages.iter().find(|other| other.member.name == target) else {
                continue;
            };
            let for_tests = target == TESTKIT && dependency.dev && name != "xtask";
            let contract = package.path.starts_with(INTEROP) && ours.path.starts_with(CONTRACTS);
            let shown = name == FACADE && target == SHOWN && dependency.dev;
            if !for_tests && !contract && !shown && !allowed.contains(&target) {
                findings.push(Finding {
                    path: package.path.clone(),
                    line: line_of(package.manifest, target),
                    advice: advice(name, target, allowed),
                });
            }
        }
    }
    findings
}

fn allowed(package: &Package<'_>) -> Option<&'static [&'static str]> {
    if package.path.starts_with(BENCHES) {
        return Some(&[FACADE, "pintle-mux"]);
    }
    if PROGRAMS
        .iter()
        .any(|folder| package.path.starts_with(folder))
    {
        return Some(&[FACADE]);
    }
    ARROWS
        .iter()
        .find(|(name, _)| *name == package.member.name)
        .map(|(_, allowed)| *allowed)
}

fn advice(name: &str, target: &str, allowed: &[&str]) -> String {
    if target == TESTKIT {
        return format!("move `{target}` to the dev-dependencies: only tests may use it");
    }
    match allowed {
        [] => format!("remove `{target}`: `{name}` depends on nothing of ours"),
        some => format!(
            "remove `{target}`: `{name}` may depend on {} only",
            some.join(", ")
        ),
    }
}

/// Where the manifest names the dependency; line 1 where it hides the name.
fn line_of(manifest: &str, dependency: &str) -> usize {
    let names = |line: &str| {
        let key = line
            .trim()
            .trim_start_matches('[')
            .split([' ', '.', '=', ']']);
        // `[dependencies.name]` has the name second.
        key.take(2).any(|part| part == dependency)
            || line.contains(&format!("package = \"{dependency}\""))
    };
    let dependencies = manifest.lines().enumerate().skip_while(|(_, line)| {
        let line = line.trim();
        !(line.starts_with('[') && line.contains("dependencies"))
    });
    dependencies
        .into_iter()
        .find(|(_, line)| names(line))
        .map_or(1, |(index, _)| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::{Dependency, Member};

    /// Each package as its name, the folder it lies in and its dependencies; one with a leading
    /// `~` is for tests only.
    #[track_caller]
    fn check_arrows(packages: &[(&str, &str, &[&str])], expected: &[&str]) {
        let members: Vec<_> = packages
            .iter()
            .map(|(name, folder, dependencies)| {
                let dependencies = dependencies.iter().map(|dependency| Dependency {
                    name: dependency.trim_start_matches('~').to_owned(),
                    dev: dependency.starts_with('~'),
                });
                Member {
                    name: (*name).to_owned(),
                    manifest: format!("{folder}/Cargo.toml").into(),
                    programs: Vec::new(),
                    dependencies: dependencies.collect(),
                }
            })
            .collect();
        let packages: Vec<_> = members
            .iter()
            .map(|member| Package {
                member,
                path: member.manifest.to_string_lossy().into_owned(),
                manifest: "",
            })
            .collect();
        let found: Vec<String> = check(&packages).iter().map(Finding::to_string).collect();
        assert_eq!(found, expected);
    }

    const MTLS: (&str, &str, &[&str]) = ("pintle-mtls", "crates/pintle-mtls", &[]);
    const CORE: (&str, &str, &[&str]) = ("pintle-core", "crates/pintle-core", &["pintle-mtls"]);
    const KIT: (&str, &str, &[&str]) = ("pintle-testkit", "crates/pintle-testkit", &[]);
    const PINTLE: (&str, &str, &[&str]) = ("pintle", "crates/pintle", &["pintle-core", "serde"]);

    #[test]
    fn arrows_of_the_table_and_packages_of_others_are_allowed() {
        check_arrows(&[MTLS, CORE, PINTLE], &[]);
    }

    #[test]
    fn an_arrow_against_the_table_is_named_also_among_dev_dependencies() {
        check_arrows(
            &[
                MTLS,
                CORE,
                ("pintle-mux", "crates/pintle-mux", &["~pintle-core"]),
            ],
            &[
                "crates/pintle-mux/Cargo.toml:1: remove `pintle-core`: `pintle-mux` depends on \
               nothing of ours",
            ],
        );
        check_arrows(
            &[
                MTLS,
                ("pintle-grpc", "crates/pintle-grpc", &["pintle-mtls"]),
            ],
            &[
                "crates/pintle-grpc/Cargo.toml:1: remove `pintle-mtls`: `pintle-grpc` may depend \
               on pintle-core, pintle-mux only",
            ],
        );
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        check_arrows(
            &[
                KIT,
                ("pintle-mtls", "crates/pintle-mtls", &["~pintle-testkit"]),
            ],
            &[],
        );
        check_arrows(
            &[
                KIT,
                ("pintle-core", "crates/pintle-core", &["pintle-testkit"]),
            ],
            &[
                "crates/pintle-core/Cargo.toml:1: move `pintle-testkit` to the dev-dependencies: \
               only tests may use it",
            ],
        );
    }

    #[test]
    fn programs_see_the_facade_only() {
        check_arrows(
            &[PINTLE, CORE, MTLS, ("kv", "examples/kv", &["pintle"])],
            &[],
        );
        check_arrows(
            &[CORE, MTLS, ("kv", "examples/kv", &["~pintle-core"])],
            &["examples/kv/Cargo.toml:1: remove `pintle-core`: `kv` may depend on pintle only"],
        );
    }

    #[test]
    fn contracts_of_the_examples_are_for_the_interop_programs_and_not_for_other_examples() {
        let kv: (&str, &str, &[&str]) = ("kv", "examples/kv", &["pintle"]);
        check_arrows(
            &[PINTLE, CORE, MTLS, kv, ("interop", "interop/rust", &["kv"])],
            &[],
        );
        check_arrows(
            &[PINTLE, CORE, MTLS, kv, ("other", "examples/other", &["kv"])],
            &["examples/other/Cargo.toml:1: remove `kv`: `other` may depend on pintle only"],
        );
    }

    #[test]
    fn a_package_without_a_row_is_a_finding() {
        check_arrows(
            &[("pintle-new", "crates/pintle-new", &[])],
            &[
                "crates/pintle-new/Cargo.toml:1: decide what `pintle-new` may depend on: a row in \
               xtask's arrows.rs",
            ],
        );
    }

    #[track_caller]
    fn check_line(manifest: &str, expected: usize) {
        assert_eq!(line_of(manifest, "b"), expected, "{manifest}");
    }

    #[test]
    fn the_line_of_a_dependency_is_found_in_every_form() {
        check_line("[package]\nb = 1\n[dependencies]\nb.workspace = true\n", 4);
        check_line("[dependencies]\nbb = \"1\"\nb = { path = \"b\" }\n", 3);
        check_line("[dev-dependencies.b]\npath = \"b\"\n", 1);
        check_line("[dependencies]\nx = \"1\"\nc = { package = \"b\" }\n", 3);
        check_line("[target.\"cfg(unix)\".dependencies]\n\nb = \"1\"\n", 3);
        check_line("[package]\nname = \"b\"\n", 1);
    }
}
