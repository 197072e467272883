//! What a plugin should not print.

use std::fs::File;
use std::io::Write;

use pintle::LogStderr;
use pintle_testkit::Vice;

pub(super) fn misbehave(vice: Vice) {
    match vice {
        Vice::ClosesItsOutputs => {
            let null = || File::create("/dev/null").expect("every Unix has it");
            rustix::stdio::dup2_stdout(null()).expect("a descriptor can be replaced");
            rustix::stdio::dup2_stderr(null()).expect("a descriptor can be replaced");
        }
        Vice::LongLogLine => {
            let piece = [b'x'; 64 * 1024];
            (0..160).for_each(|_| log(&piece));
            log(b"\n");
        }
        Vice::EscapesInLog => {
            log(b"\x1b[2J\x1b]0;owned\x07\x1b[31m\0\x08\x7f\xc2\x9b31m \xff\n");
            log(b"{\"@level\":\"\x1b[31m\",\"@message\":\"\\u001b[2J\",\"\\u001b[2J\":\"\\u0007\"}\n");
        }
        Vice::LogBombs => {
            log(format!("{{\"a\":{}{}}}\n", "[".repeat(100_000), "]".repeat(100_000)).as_bytes());
            log(format!("{{\"@message\":{}}}\n", "9".repeat(100_000)).as_bytes());
            log(b"{\"@message\":1e999999,\"@level\":{}}\n");
            log(b"{\"@level\":\"info\",\"@level\":\"error\",\"@message\":[\"no text\"]}\n");
            log(b"{\"@level\":\"panic\",\"@message\":\"\\ud800\",\"@timestamp\":-1}\n");
            log(b"[1,2]\nnull\n\"text\"\n{\n");
            let names = (0..10_000).map(|number| format!("\"{number}\":{number}"));
            let fields: Vec<_> = names.collect();
            log(format!("{{\"@message\":\"wide\",{}}}\n", fields.join(",")).as_bytes());
        }
        Vice::FloodsItsOutputs => {
            std::thread::spawn(|| flood(std::io::stderr()));
            std::thread::spawn(|| flood(LogStderr));
        }
        _ => unreachable!("{vice:?} does not show in what is printed"),
    }
}

fn log(bytes: &[u8]) {
    LogStderr.write_all(bytes).expect("the host reads it");
}

/// Until nobody reads any more.
fn flood(mut output: impl Write) {
    while output.write_all(b"help, I am drowning\n").is_ok() {}
}
