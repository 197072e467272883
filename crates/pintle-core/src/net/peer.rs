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

    #[cfg(any(unix, test))]
    fn include(self, peer: u32, own: u32) -> bool {
        self == Self::Permitted || peer == own || peer == 0 || own == 0
    }
}

#[cfg(unix)]
mod unix {
    use std::io;

    use tokio::net::UnixStream;

    use super::Peers;

    /// A process of a user that is not spoken with.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in crate::net) struct Stranger {
        pub(in crate::net) uid: u32,
        pub(in crate::net) expected: u32,
    }

    impl Peers {
        /// Looks who is at the other end of `stream`.
        ///
        /// # Errors
        /// When the kernel does not tell.
        pub(in crate::net) fn look(self, stream: &UnixStream) -> io::Result<Result<(), Stranger>> {
            let uid = stream.peer_cred()?.uid();
            let expected = rustix::process::geteuid().as_raw();
            Ok(match self.include(uid, expected) {
                true => Ok(()),
                false => Err(Stranger { uid, expected }),
            })
        }
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
