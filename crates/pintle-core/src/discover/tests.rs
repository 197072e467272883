use super::*;

#[test]
fn a_pattern_matches_the_whole_name_and_nothing_else() {
    #[track_caller]
    fn check(pattern: &str, name: &str, expected: bool) {
        assert_eq!(matches(pattern, name), expected, "{pattern:?} on {name:?}");
    }
    check("app-greeter", "app-greeter", true);
    check("app-greeter", "app-greeters", false);
    check("app-greeter", "my-app-greeter", false);
    check("app-*", "app-greeter", true);
    check("app-*", "app-", true);
    check("app-*", "app", false);
    check("*", "anything", true);
    check("*-v?", "app-v1", true);
    check("*-v?", "app-v", false);
    check("*-v?", "app-v-v2", true);
    check("*-v?", "app-v12", false);
    check("a*b*c", "a-b-b-c", true);
    check("a*b*c", "a-c-b", false);
    check("**", "", true);
    check("", "", true);
    check("", "a", false);
    check("?", "é", true);
    // These have a meaning in other patterns.
    check("[ab]{c,d}\\", "[ab]{c,d}\\", true);
    check("[ab]", "a", false);
}

#[test]
fn a_pattern_made_to_take_long_does_not() {
    let (pattern, name) = ("a*".repeat(100), "a".repeat(1000));
    // By trying every way to divide the name this would not end.
    assert!(!matches(&format!("{pattern}b"), &name));
}

#[test]
fn a_programs_name_is_its_files_without_the_systems_suffix() {
    assert_eq!(program_name("app", ""), Some("app"));
    assert_eq!(program_name("app.v2", ""), Some("app.v2"));
    assert_eq!(program_name(".app", ""), None);
    assert_eq!(program_name("app.EXE", ".exe"), Some("app"));
    for no_program in ["app", "app.txt", ".exe", ".app.exe", "é", "ex"] {
        assert_eq!(program_name(no_program, ".exe"), None);
    }
}

#[cfg(unix)]
#[test]
fn only_programs_that_match_are_discovered_sorted_by_name() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, mode| {
        let path = dir.path().join(name);
        fs::write(&path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    file("app-b", 0o755);
    file("app-a", 0o700);
    file("app-readme", 0o644);
    file(".app-hidden", 0o755);
    file("other", 0o755);
    fs::create_dir(dir.path().join("app-directory")).unwrap();
    symlink("other", dir.path().join("app-link")).unwrap();
    symlink("app-directory", dir.path().join("app-link-to-directory")).unwrap();
    symlink("nowhere", dir.path().join("app-lost")).unwrap();

    let found = discover(dir.path(), "app-*").unwrap();
    let names: Vec<_> = found.iter().map(|found| &*found.name).collect();
    assert_eq!(names, ["app-a", "app-b", "app-link"]);
    assert_eq!(found[2].path, dir.path().join("app-link"));
    assert_eq!(discover(dir.path(), "nothing-*").unwrap(), []);
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("plugins");
    let error = discover(&missing, "*").unwrap_err();
    let expected = format!("there is no directory `{}`", missing.display());
    assert_eq!(error.to_string(), expected);

    fs::write(&missing, "").unwrap();
    let error = discover(&missing, "*").unwrap_err();
    assert!(matches!(error, DiscoverError::NoDirectory(_)), "{error:?}");
}

#[test]
fn a_directory_with_too_many_entries_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..=DISCOVER_LIMIT {
        fs::write(dir.path().join(number.to_string()), "").unwrap();
    }
    let error = discover(dir.path(), "app-*").unwrap_err();
    assert!(matches!(error, DiscoverError::TooMany(_)), "{error:?}");
    fs::remove_file(dir.path().join("0")).unwrap();
    assert_eq!(discover(dir.path(), "app-*").unwrap(), []);
}
