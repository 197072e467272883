//! What a host prints when all is well.

pub(super) const KV: &str = "\
ping: ok
put hello = world
get hello = world
get missing: NotFound no such key: missing
big = 5000000 bytes
exit: clean
";

pub(super) const STDIO: &str = "\
stdout: out line
stderr: err line
stdout flood: 102400 bytes
stderr flood: 102400 bytes
exit: clean
";

pub(super) const COUNTER: &str = "\
put n + 1
put n + 2
put n + 3
counter n = 6
helper calls: 3
exit: clean
";

pub(super) const CALLBACKS: &str = "\
the plugin dialled 100 times
the plugin dialled 100 times, 16 at once
the host dialled 100 times
the host dialled 100 times, 16 at once
exit: clean
";

pub(super) const CALLBACKS_IN_TURN: &str = "\
the plugin dialled 100 times
the plugin dialled 100 times, 1 at once
the host dialled 100 times
the host dialled 100 times, 1 at once
exit: clean
";

pub(super) const STORE: &str = r#"put hello = world
get hello = world
get missing: NotFound not_found missing
echo "full" Removed, note "", counts down=-3 none=0, took 1000000005, at -1500000000, from here:65535, range 0..0, via a:1 :0
echo "" Put, note none, counts none, took 0, at 0, from :0, range 3.., via none
count = 3, told of 1, 2, 3
count stopped: Unknown lost Aborted enough
exit: clean
"#;

pub(super) const FLOWS: &str = r#"import big = 1000000 bytes, told of 250000, 500000, 750000, 1000000
import nothing = 0 bytes
import broken: Aborted broken not yours
export big = 1000000 bytes, the same
export missing: NotFound not_found missing
export refused: Aborted broken no room
watch "a/1" Put, note "one", counts bytes=3, took 3000000, at 86400003000000, from shelf:7, bytes "one", via shelf:7
watch "a/2" Removed, note none, counts bytes=0, took 0, at 86400000000000, from shelf:7, whole, via shelf:7
watch broken: 1 event, then NotFound gone
watch endless: 3 events, then let go
feed = 3 events, the last three
feed broken: Aborted broken too late
exit: clean
"#;
