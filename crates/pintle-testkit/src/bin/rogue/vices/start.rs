//! Up to the first connection: programs that never become a session.

use std::io::Write;

use pintle_testkit::Vice;
use rustix::process::{Signal, getpid, kill_process};

use super::identity;
use super::line::Line;
use crate::raw;

pub(super) async fn begin(vice: Vice) {
    let wanted = Line::wanted();
    match vice {
        Vice::ExitsEarly => raw::exits_early(),
        Vice::ExitsEarlyAndLosesAChild => raw::exits_early_and_loses_a_child(),
        Vice::KillsItselfEarly => kill_process(getpid(), Signal::KILL).expect("it is allowed to"),
        Vice::Garbage => raw::garbage(),
        Vice::BinaryGarbage => print(b"\0\x01\xff\xfe\0\n\x80|\0|\xc3\n"),
        Vice::FloodsStdout => raw::floods_stdout(),
        Vice::LongLine => raw::long_line(),
        Vice::HalfALine => print(b"1|1|uni"),
        Vice::Silent => {}
        Vice::ClosesStdout => raw::closes_stdout(),
        Vice::WrongCoreVersion => says(Line {
            core: "2".to_owned(),
            ..wanted
        }),
        Vice::WrongAppVersion => says(Line {
            app: "9".to_owned(),
            ..wanted
        }),
        Vice::WrongNetwork => says(Line {
            network: "pipe".to_owned(),
            ..wanted
        }),
        Vice::UnknownProtocol => says(Line {
            protocol: "pigeon".to_owned(),
            ..wanted
        }),
        Vice::NetRpc => says(Line {
            protocol: "netrpc".to_owned(),
            ..wanted
        }),
        Vice::LongAddress => says(Line {
            address: format!("/{}", "a".repeat(200)),
            ..wanted
        }),
        Vice::EscapesInAddress => says(Line {
            address: "/\u{1b}[31mnobody\0\u{7}".to_owned(),
            ..wanted
        }),
        Vice::NoCertificate => says(Line {
            certificate: String::new(),
            ..wanted
        }),
        Vice::BadCertificate => says(Line {
            certificate: "A".repeat(80),
            ..wanted
        }),
        Vice::IgnoresMultiplexing => says(Line {
            multiplex: String::new(),
            ..wanted
        }),
        Vice::NoListener => says(wanted),
        Vice::DiesWithItsLine => return print(wanted.to_string().as_bytes()),
        Vice::TwoLines => {
            let (second, _listener) = Line::listening();
            says(wanted);
            says(second);
            raw::waits();
        }
        Vice::SilentListener => {
            let (line, _listener) = Line::listening();
            says(line);
            raw::waits();
        }
        Vice::ExitsWhenConnected => {
            let (line, listener) = Line::listening();
            says(line);
            let _connection = listener.accept();
            eprintln!("error: out of cheese");
            std::process::exit(7);
        }
        Vice::AnotherIdentity => {
            let (said, shown) = (identity::made(), identity::made());
            let (line, listener) = Line::listening();
            says(Line {
                certificate: said.certificate().to_line(),
                ..line
            });
            identity::pretend(listener, &shown, &shown).await;
        }
        Vice::StolenCertificate => {
            let (stolen, own) = (identity::made(), identity::made());
            let (line, listener) = Line::listening();
            says(Line {
                certificate: stolen.certificate().to_line(),
                ..line
            });
            identity::pretend(listener, &stolen, &own).await;
        }
        _ => unreachable!("{vice:?} shows later"),
    }
    if !matches!(vice, Vice::Garbage | Vice::BinaryGarbage) {
        raw::waits();
    }
}

fn says(line: Line) {
    println!("{line}");
}

fn print(bytes: &[u8]) {
    let mut stdout = std::io::stdout();
    let printed = stdout.write_all(bytes).and_then(|()| stdout.flush());
    printed.expect("the host reads it");
}
