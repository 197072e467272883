//! Key exchange whose secrets come from the kernel's random numbers.
//!
//! See [`provider`](crate::provider) for why it is not aws-lc's.

use ring::agreement::{
    Algorithm, ECDH_P256, EphemeralPrivateKey, PublicKey, UnparsedPublicKey, X25519,
    agree_ephemeral,
};
use ring::rand::SystemRandom;
use rustls::crypto::{
    ActiveKeyExchange, GetRandomFailed, SharedSecret, SupportedKxGroup, aws_lc_rs,
};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved};

/// All groups, the preferred one first.
///
/// P-384 is aws-lc's, as ring's is slow and hardly any peer lacks both of the others. The hybrid
/// with ML-KEM is left out: a Go peer would have it preferred, and it is aws-lc's generator that
/// it draws on.
pub(crate) fn groups() -> Vec<&'static dyn SupportedKxGroup> {
    let [x25519, p256] = &OWN;
    vec![x25519, p256, aws_lc_rs::kx_group::SECP384R1]
}

static OWN: [Group; 2] = [
    Group {
        name: NamedGroup::X25519,
        algorithm: &X25519,
    },
    Group {
        name: NamedGroup::secp256r1,
        algorithm: &ECDH_P256,
    },
];

#[derive(Debug)]
struct Group {
    name: NamedGroup,
    algorithm: &'static Algorithm,
}

impl SupportedKxGroup for Group {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let started = || {
            let secret = EphemeralPrivateKey::generate(self.algorithm, &SystemRandom::new())?;
            let share = secret.compute_public_key()?;
            Ok::<_, ring::error::Unspecified>(Exchange {
                group: self.name,
                secret,
                share,
            })
        };
        // Nothing else in it can fail.
        Ok(Box::new(started().map_err(|_| GetRandomFailed)?))
    }

    fn name(&self) -> NamedGroup {
        self.name
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }
}

/// Our half of one exchange. The secret is used once, by its type.
struct Exchange {
    group: NamedGroup,
    secret: EphemeralPrivateKey,
    share: PublicKey,
}

impl ActiveKeyExchange for Exchange {
    /// ring takes a share of the one encoding that TLS allows, for a point on the curve, and no
    /// share that makes every secret zero.
    fn complete(self: Box<Self>, peer_share: &[u8]) -> Result<SharedSecret, Error> {
        let peer_share = UnparsedPublicKey::new(self.secret.algorithm(), peer_share);
        agree_ephemeral(self.secret, &peer_share, |secret| {
            SharedSecret::from(secret)
        })
        .map_err(|_| PeerMisbehaved::InvalidKeyShare.into())
    }

    fn pub_key(&self) -> &[u8] {
        self.share.as_ref()
    }

    fn group(&self) -> NamedGroup {
        self.group
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_have_one_secret_whoever_made_the_other() {
        let theirs = [
            aws_lc_rs::kx_group::X25519,
            aws_lc_rs::kx_group::SECP256R1,
            aws_lc_rs::kx_group::SECP384R1,
        ];
        for (ours, theirs) in groups().into_iter().zip(theirs) {
            assert_eq!(ours.name(), theirs.name());
            for (left, right) in [(ours, theirs), (theirs, ours), (ours, ours)] {
                let left = left.start().unwrap();
                let right = right.start_and_complete(left.pub_key()).unwrap();
                assert_eq!(right.group, left.group());
                assert_ne!(right.pub_key, left.pub_key());
                let secret = left.complete(&right.pub_key).unwrap();
                assert_eq!(secret.secret_bytes(), right.secret.secret_bytes());
            }
        }
    }

    #[track_caller]
    fn check_refused(group: NamedGroup, what: &str, share: &[u8]) {
        let groups = groups();
        let group = groups.iter().find(|known| known.name() == group).unwrap();
        let refused = group.start().unwrap().complete(share).err();
        let expected = Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare);
        assert_eq!(refused, Some(expected), "{what}");
    }

    #[test]
    fn a_share_of_a_wrong_length_is_an_error() {
        for group in groups() {
            let good = group.start().unwrap().pub_key().to_vec();
            for len in (0..good.len()).chain([good.len() + 1, 4096]) {
                let mut share = good.clone();
                share.resize(len, 0);
                check_refused(group.name(), &format!("{len} bytes"), &share);
            }
        }
    }

    #[test]
    fn a_share_that_leaves_no_choice_of_secrets_is_an_error() {
        let one = |first: u8| {
            let mut share = [0; 32];
            share[0] = first;
            share
        };
        // The prime, and what is next to it: 2^255 - 19 and -1 are 0 and -1 in the field.
        let prime = |first: u8| {
            let mut share = [0xff; 32];
            (share[0], share[31]) = (first, 0x7f);
            share
        };
        let order_eight = [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
            0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
            0x5f, 0x49, 0xb8, 0x00,
        ];
        for (what, share) in [
            ("zero", one(0)),
            ("one", one(1)),
            ("minus one", prime(0xec)),
            ("zero, unreduced", prime(0xed)),
            ("one, unreduced", prime(0xee)),
            ("of order eight", order_eight),
        ] {
            check_refused(NamedGroup::X25519, what, &share);
        }
    }

    #[test]
    fn a_share_that_is_no_point_of_the_curve_is_an_error() {
        for (group, len) in [(NamedGroup::secp256r1, 65), (NamedGroup::secp384r1, 97)] {
            let found = groups();
            let found = found.iter().find(|known| known.name() == group).unwrap();
            let good = found.start().unwrap().pub_key().to_vec();
            assert_eq!(good.len(), len);

            let with = |at: usize, byte: u8| {
                let mut share = good.clone();
                share[at] = byte;
                share
            };
            check_refused(group, "beside the curve", &with(len - 1, !good[len - 1]));
            check_refused(group, "compressed, by its tag", &with(0, 2));
            check_refused(group, "hybrid, by its tag", &with(0, 6));
            check_refused(
                group,
                "compressed",
                &with(0, 2 | good[len - 1] & 1)[..=len / 2],
            );
            check_refused(group, "at infinity", &[0]);
            check_refused(group, "at infinity, full length", &vec![0; len]);
            let mut unreduced = vec![0xff; len];
            unreduced[0] = 4;
            check_refused(group, "beyond the field", &unreduced);
        }
    }
}
