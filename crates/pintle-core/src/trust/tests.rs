use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

const PROGRAM: &str = "#!/bin/sh\nexec \"$1\" well\n";
const KEY: &str = "RWTefCUQiT+UMQMMOFfe4oDarLugBEsTLulxIDfioAnT5s94V3L2oPm+";
const SIGNATURE: &str = "\
untrusted comment: signature from rsign secret key
RUTefCUQiT+UMenOL7EEzJzwMBJRoc9cJ2APKDqwIGB0ic+debQGOhgu+q7YjGA525pMrXYwuVBhmRYRkv4PTgfeUwgQvPnJlwo=
trusted comment: timestamp:0\tfile:plugin\thashed
e9VA59deH1RY4HLsMczpahkHHHLQVCwT52x+ZZL3kw1yRhYDusZQglq2XTUvdtXBm01Iv2/8YGvqHFwyRJmGBQ==
";
const OTHER_KEY: &str = "RWSUsgpHyk+RBkwKunHukVCEaTj9dUs4ircfcAQ6+b7qrLZ+hkPo+DBU";

/// A program in a directory of its own, with its signature beside it.
struct Installed {
    dir: TempDir,
}

impl Installed {
    fn new() -> Self {
        let installed = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::set_permissions(installed.dir.path(), Permissions::from_mode(0o755)).unwrap();
        installed.write("plugin", PROGRAM, 0o755);
        installed.write("plugin.minisig", SIGNATURE, 0o644);
        installed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, content: &str, mode: u32) {
        fs::write(self.path(name), content).unwrap();
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    /// What is executed, or why it is not; paths below `DIR`.
    fn admitted(&self, trust: &Trust) -> Result<String, String> {
        let dir = self.dir.path().canonicalize().unwrap();
        let untrusted = |error: &dyn std::error::Error| match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        match trust.admit(&self.path("plugin")) {
            Ok(image) => Ok(io::read_to_string(image.content().unwrap()).unwrap()),
            Err(Refusal::Start(error)) => Err(format!("{:?}", error.kind())),
            Err(Refusal::Untrusted(error)) => Err(untrusted(&error)
                .replace(&*dir.to_string_lossy(), "DIR")
                .replace(&*self.dir.path().to_string_lossy(), "DIR")),
        }
    }

    #[track_caller]
    fn check(&self, trust: &Trust, expected: Result<&str, &str>) {
        let admitted = self.admitted(trust);
        assert_eq!(admitted.as_deref().map_err(String::as_str), expected);
    }
}

fn checksum(of: &str) -> Trust {
    Trust {
        checksum: Some(Sha256::of(of.as_bytes()).unwrap()),
        ..Trust::default()
    }
}

fn signed_by(key: &str, signature: Signature) -> Trust {
    Trust {
        signed: Some((PublicKey::parse(key).unwrap(), signature)),
        ..Trust::default()
    }
}

fn refuse_writable() -> Trust {
    Trust {
        refuse_writable: true,
        ..Trust::default()
    }
}

#[test]
fn a_program_of_another_checksum_is_refused_with_both_named() {
    let installed = Installed::new();
    installed.check(&checksum(PROGRAM), Ok(PROGRAM));
    let (found, expected) = (
        Sha256::of(PROGRAM.as_bytes()).unwrap(),
        Sha256::of(&b"another"[..]).unwrap(),
    );
    installed.check(
        &checksum("another"),
        Err(&format!("its SHA-256 is {found}, and not {expected}")),
    );
}

#[test]
fn a_signature_vouches_wherever_it_is_kept() {
    let installed = Installed::new();
    installed.check(&signed_by(KEY, Signature::beside()), Ok(PROGRAM));
    installed.write("elsewhere", SIGNATURE, 0o600);
    let elsewhere = Signature::at(installed.path("elsewhere"));
    installed.check(&signed_by(KEY, elsewhere), Ok(PROGRAM));
    let text = Signature::parse(SIGNATURE).unwrap();
    let file = format!("untrusted comment: minisign public key\n{KEY}\n");
    installed.check(&signed_by(&file, text), Ok(PROGRAM));
}

#[test]
fn a_signature_that_does_not_vouch_is_refused_with_the_reason() {
    #[track_caller]
    fn check(key: &str, program: &str, signature: &str, expected: &str) {
        let installed = Installed::new();
        installed.write("plugin", program, 0o755);
        installed.write("plugin.minisig", signature, 0o644);
        let expected = format!("its signature does not vouch for it: {expected}");
        installed.check(&signed_by(key, Signature::beside()), Err(&expected));
    }
    check(
        OTHER_KEY,
        PROGRAM,
        SIGNATURE,
        &format!("it was made with another key than {OTHER_KEY}"),
    );
    let changed = PROGRAM.replace("well", "evil");
    check(
        KEY,
        &changed,
        SIGNATURE,
        "it is of another program than this",
    );
    let renamed = SIGNATURE.replace("file:plugin", "file:pluginn");
    check(KEY, PROGRAM, &renamed, "it is of another program than this");
    for end in [0, 40, 100, 200, SIGNATURE.len() - 30] {
        let truncated = &SIGNATURE[..end];
        check(KEY, PROGRAM, truncated, "it is not a minisign signature");
    }
    let old = SIGNATURE.replace("RUTefC", "RWTefC");
    check(
        KEY,
        PROGRAM,
        &old,
        "it is one of the old kind, which is not prehashed",
    );
    let long = SIGNATURE.to_owned() + &"\n".repeat(16 * 1024);
    check(
        KEY,
        PROGRAM,
        &long,
        "it has more than 16384 bytes, and so is none",
    );
}

#[test]
fn a_missing_signature_is_refused_and_a_pipe_in_its_place_is_not_waited_for() {
    let installed = Installed::new();
    let path = installed.path("plugin.minisig");
    fs::remove_file(&path).unwrap();
    let expected =
        "its signature does not vouch for it: it cannot be read from `DIR/plugin.minisig`";
    let trust = signed_by(KEY, Signature::beside());
    installed.check(&trust, Err(expected));
    pipe(&path);
    installed.check(&trust, Err(expected));
}

#[test]
fn where_both_are_asked_for_both_must_hold() {
    let installed = Installed::new();
    let both = |content: &str, key| Trust {
        checksum: checksum(content).checksum,
        ..signed_by(key, Signature::beside())
    };
    installed.check(&both(PROGRAM, KEY), Ok(PROGRAM));
    assert!(installed.admitted(&both("another", KEY)).is_err());
    assert!(installed.admitted(&both(PROGRAM, OTHER_KEY)).is_err());
}

#[test]
fn what_may_not_be_executed_is_not_executed_from_a_copy_either() {
    let installed = Installed::new();
    installed.write("plugin", PROGRAM, 0o644);
    installed.check(&checksum(PROGRAM), Err("PermissionDenied"));
    fs::remove_file(installed.path("plugin")).unwrap();
    installed.check(&checksum(PROGRAM), Err("NotFound"));
    pipe(&installed.path("plugin"));
    installed.check(&checksum(PROGRAM), Err("PermissionDenied"));
}

#[test]
fn what_others_may_write_is_refused_only_if_that_is_asked() {
    let installed = Installed::new();
    installed.check(&refuse_writable(), Ok(PROGRAM));

    installed.write("plugin", PROGRAM, 0o775);
    installed.check(&checksum(PROGRAM), Ok(PROGRAM));
    let expected = "others may write `DIR/plugin`, whose mode is 0775";
    installed.check(&refuse_writable(), Err(expected));
    let both = Trust {
        refuse_writable: true,
        ..checksum(PROGRAM)
    };
    installed.check(&both, Err(expected));

    installed.write("plugin", PROGRAM, 0o755);
    installed.check(&both, Ok(PROGRAM));
    let mode = |mode| fs::set_permissions(installed.dir.path(), Permissions::from_mode(mode));
    mode(0o777).unwrap();
    let expected = "others may write `DIR`, whose mode is 0777";
    installed.check(&refuse_writable(), Err(expected));
    mode(0o1777).unwrap();
    installed.check(&refuse_writable(), Ok(PROGRAM));
}

/// What is executed in place of the program at `place`, which is a script.
fn executed(place: &Path) -> Result<PathBuf, Refusal> {
    let image = refuse_writable().admit(place)?;
    match image.entrance() {
        Entrance::Path(path) => Ok(path.to_owned()),
        other => panic!("a script is executed by its path: {other:?}"),
    }
}

#[test]
fn links_are_followed_to_a_program_in_safe_hands() {
    let installed = Installed::new();
    let link = |name: &str, to: &Path| {
        std::os::unix::fs::symlink(to, installed.path(name)).unwrap();
        installed.path(name)
    };
    let target = installed.path("plugin").canonicalize().unwrap();
    let relative = link("relative", Path::new("./../x/../plugin"));
    fs::create_dir(installed.path("x")).unwrap();
    // From the directory that the link is in, and not from the link.
    assert!(executed(&relative).is_err());
    let dir = link("dir", installed.dir.path());
    assert_eq!(executed(&dir.join("x/../plugin")).unwrap(), target);
    let twice = link("twice", Path::new("x/.././dir/plugin"));
    assert_eq!(executed(&twice).unwrap(), target);

    link("round", Path::new("round"));
    let Err(Refusal::Start(error)) = executed(&installed.path("round")) else {
        panic!("it leads nowhere");
    };
    assert_eq!(error.kind(), rustix::io::Errno::LOOP.kind());
}

/// Who can change the link chooses the program.
#[test]
fn a_link_that_others_may_replace_is_not_followed() {
    let installed = Installed::new();
    let open = tempfile::tempdir().unwrap();
    fs::set_permissions(open.path(), Permissions::from_mode(0o777)).unwrap();
    let link = open.path().join("link");
    std::os::unix::fs::symlink(installed.path("plugin"), &link).unwrap();
    let refused = executed(&link).unwrap_err();
    let open = open.path().canonicalize().unwrap();
    assert!(
        matches!(&refused, Refusal::Untrusted(TrustError::Writable { path, .. }) if *path == open),
        "{refused:?}"
    );
}

/// As the owner of a directory on the way could do it: a link while it is looked at, a directory of
/// his when it is used.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_changes_places_with_a_link_all_the_time_lets_nothing_else_be_executed() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};

    let (installed, safe) = (Installed::new(), tempfile::tempdir().unwrap());
    let (slot, link) = (installed.path("slot"), installed.path("link"));
    fs::copy(installed.path("plugin"), safe.path().join("plugin")).unwrap();
    fs::create_dir(&slot).unwrap();
    installed.write("slot/plugin", "#!/bin/sh\n", 0o755);
    fs::set_permissions(&slot, Permissions::from_mode(0o777)).unwrap();
    std::os::unix::fs::symlink(safe.path(), &link).unwrap();
    let exchange = || renameat_with(CWD, &slot, CWD, &link, RenameFlags::EXCHANGE);
    if exchange() == Err(rustix::io::Errno::INVAL) {
        eprintln!("not tested, as the file system has no such exchange");
        return;
    }

    let good = safe.path().canonicalize().unwrap().join("plugin");
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                exchange().unwrap();
            }
        });
        let mut unlike = None;
        for _ in 0..20_000 {
            match executed(&slot.join("plugin")) {
                Ok(path) if path != good => unlike = Some(path),
                _ => {}
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(unlike, None);
    });
}

#[test]
fn a_program_that_nobody_else_may_write_is_executed_as_it_was_opened() {
    let installed = Installed::new();
    let plugin = installed.path("plugin");
    fs::copy("/bin/true", &plugin).unwrap();
    let image = refuse_writable().admit(&plugin).unwrap();
    fs::remove_file(&plugin).unwrap();
    #[cfg(target_os = "linux")]
    assert!(
        matches!(image.entrance(), Entrance::Descriptor { script: false, .. }),
        "{image:?}"
    );
    let mut begin = [0; 4];
    image.content().unwrap().read_exact(&mut begin).unwrap();
}

#[test]
fn what_is_no_key_is_refused_without_being_repeated() {
    for text in ["", "secret", &KEY[1..], &format!("{KEY}\nsecret")] {
        let error = PublicKey::parse(text).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert_eq!(PublicKey::parse(KEY).unwrap().to_string(), KEY);
}

fn pipe(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    let execute = fs::set_permissions(path, Permissions::from_mode(0o755));
    assert!(made.unwrap().success() && execute.is_ok());
}
