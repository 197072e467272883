//! What ends a session, or spoils it.

use std::sync::Arc;
use std::time::Duration;

use pintle::{EndReason, Host, Session};
use pintle_testkit::conformance::{Ask, Conformance, Peer};
use pintle_testkit::{Vice, Way, World};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{sleep, timeout};

use crate::dice::Dice;
use crate::full::FullDisk;
use crate::load::Load;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// The plugin is killed.
    Killed,
    /// The plugin is stopped, and the session closed.
    Stopped,
    /// The launch is given up.
    GivenUp,
    /// The session is dropped.
    Dropped,
    /// The session is closed.
    Closed,
    /// What is no log comes from the plugin's stderr.
    Garbage,
    /// The sockets' files are removed.
    Unlinked,
    /// There is no room for another socket.
    Full,
}

impl Fault {
    pub(crate) const ALL: [Self; 8] = [
        Self::Killed,
        Self::Stopped,
        Self::GivenUp,
        Self::Dropped,
        Self::Closed,
        Self::Garbage,
        Self::Unlinked,
        Self::Full,
    ];

    /// Launches, loads, and lets it happen, up to the end of the session.
    pub(crate) async fn strike(self, world: &World, way: Way, dice: &mut Dice) {
        let pause = Duration::from_micros(dice.below(20_000) as u64);
        // Files of the plugin's own go where they are counted.
        let host = way.host(world.host().env("TMPDIR", world.sockets()));
        match self {
            Self::GivenUp => {
                let command = world.rogue(&host, "conformance");
                let moment = Duration::from_millis(dice.below(100) as u64);
                drop(timeout(moment, command.launch(way.transports())).await);
            }
            Self::Full => {
                // Too few for the session's directory, for the plugin's socket, for those of ids.
                let disk = FullDisk::new(world.sockets(), 1 + dice.below(4));
                let host = host.socket_dir(disk.path());
                let launched = world
                    .rogue(&host, "conformance")
                    .launch(way.transports())
                    .await;
                if let Ok(session) = launched {
                    let load = Load::begin(&peer(&session).await).await;
                    sleep(pause).await;
                    let _ = session.close().await;
                    load.end(session.closed().await.reason()).await;
                }
            }
            _ => self.strike_session(world, &host, way, pause).await,
        }
    }

    async fn strike_session(self, world: &World, host: &Host, way: Way, pause: Duration) {
        let host = match self {
            Self::Stopped => {
                let soon = Duration::from_millis(100);
                host.clone().close_timeout(soon).terminate_timeout(soon)
            }
            _ => host.clone(),
        };
        let command = world.rogue(&host, Vice::LogBombs.name());
        let session = command.launch(way.transports()).await;
        let session = session.expect("a good plugin can be launched");
        let peer = peer(&session).await;
        let load = Load::begin(&peer).await;
        sleep(pause).await;
        match self {
            Self::Killed => {
                signal(&session, Signal::KILL);
                assert_eq!(session.closed().await.reason(), EndReason::Exited);
            }
            Self::Stopped => {
                signal(&session, Signal::STOP);
                let closed = session.close().await.expect_err("it is stopped");
                assert_eq!(closed.reason(), EndReason::Overdue);
            }
            Self::Dropped => {}
            Self::Garbage => {
                let said = peer.ask(Ask::Misbehave, Duration::from_secs(15)).await;
                said.expect("it says it");
                let _ = session.close().await;
            }
            Self::Unlinked => {
                for socket in world.socket_files() {
                    // An id may give back its socket at the same time.
                    let _ = std::fs::remove_file(socket);
                }
                sleep(pause).await;
                let _ = session.close().await;
            }
            // Under this load it may be overdue on a busy machine.
            _ => drop(session.close().await),
        }
        let reason = match self {
            Self::Dropped => EndReason::Dropped,
            _ => session.closed().await.reason(),
        };
        drop(session);
        load.end(reason).await;
    }
}

async fn peer(session: &Session) -> Arc<dyn Peer> {
    let dispensed = session.dispense::<Conformance>().await;
    dispensed.expect("it serves the suite")
}

fn signal(session: &Session, signal: Signal) {
    let pid = session.pid().and_then(|pid| Pid::from_raw(pid as i32));
    kill_process(pid.expect("it is a local process"), signal).expect("it runs");
}
