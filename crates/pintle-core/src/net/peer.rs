//! Who is at the other end of a unix socket.

use super::{Network, Translate};

/// Whose processes are spoken with over a unix socket.
///
/// The kernel tells who they are, so this holds whatever the permissions of the socket's file are,
/// and whoever made a file of that name first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peers {
    /// Those of our own user; and if either side is root, of any, for root may become anybody.
    OwnUser,
    /// Those that the permissions of the socket's file let in.
    Permitted,
    /// The one with this number, and those of the group that it leads.
    Process(u32),
}

impl Peers {
    pub(super) fn on(network: &Network, translation: &dyn Translate) -> Self {
        // A group is there to let other users in.
        let shared = matches!(network, Network::Unix { group: Some(_), .. });
        match shared || translation.peer_may_be_another_user() {
            true => Self::Permitted,
            false => Self::OwnUser,
        }
    }

    /// Whether processes of the user `peer` are spoken with by one of the user `own`.
    #[cfg(any(unix, test))]
    fn include(self, peer: u32, own: u32) -> bool {
        self != Self::OwnUser || peer == own || peer == 0 || own == 0
    }
}

#[cfg(unix)]
mod unix {
    use std::io;

    use tokio::net::UnixStream;

    use super::Peers;

    /// A process that is not spoken with.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in crate::net) enum Stranger {
        /// It is another user's.
        User { uid: u32, expected: u32 },
        /// It is another one.
        Process { expected: u32 },
    }

    impl Peers {
        /// Looks who is at the other end of `stream`.
        ///
        /// # Errors
        /// When the kernel does not tell.
        pub(in crate::net) fn look(self, stream: &UnixStream) -> io::Result<Result<(), Stranger>> {
            let peer = stream.peer_cred()?;
            let uid = peer.uid();
            let own = rustix::process::geteuid().as_raw();
            if !self.include(uid, own) {
                let expected = own;
                return Ok(Err(Stranger::User { uid, expected }));
            }
            match self {
                Self::Process(expected) if !is_of(peer.pid(), expected) => {
                    Ok(Err(Stranger::Process { expected }))
                }
                _ => Ok(Ok(())),
            }
        }
    }

    /// Whether the process `peer` is the one with the number `leader`, or of the group it leads.
    fn is_of(peer: Option<i32>, leader: u32) -> bool {
        use rustix::process::{Pid, getpgid};
        let Some(peer) = peer.and_then(Pid::from_raw) else {
            return false;
        };
        let number = |pid: Pid| pid.as_raw_nonzero().get().unsigned_abs();
        number(peer) == leader || getpgid(Some(peer)).is_ok_and(|group| number(group) == leader)
    }
}

#[cfg(unix)]
pub(super) use unix::Stranger;

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::net::SameView;

    #[derive(Debug)]
    struct Container;

    impl Translate for Container {
        fn peer_may_be_another_user(&self) -> bool {
            true
        }
    }

    #[test]
    fn another_user_is_a_stranger_unless_either_side_is_root() {
        for (peer, own, expected) in [
            (1000, 1000, true),
            (1001, 1000, false),
            (65534, 1000, false),
            (0, 1000, true),
            (1000, 0, true),
        ] {
            assert_eq!(Peers::OwnUser.include(peer, own), expected, "{peer} {own}");
            assert!(Peers::Permitted.include(peer, own));
        }
    }

    #[test]
    fn a_group_or_a_runner_that_says_so_lets_other_users_in() {
        let unix = |group: Option<&str>| Network::Unix {
            dir: PathBuf::new(),
            group: group.map(str::to_owned),
        };
        let tcp = Network::Tcp { ports: 1..=2 };
        assert_eq!(Peers::on(&unix(None), &SameView), Peers::OwnUser);
        assert_eq!(Peers::on(&tcp, &SameView), Peers::OwnUser);
        assert_eq!(Peers::on(&unix(Some("7")), &SameView), Peers::Permitted);
        assert_eq!(Peers::on(&unix(None), &Container), Peers::Permitted);
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod users;
