//! What a host makes of every way to misbehave, over every transport, with TLS and without.
//!
//! One table: a vice, the ways on which it shows, and word for word what the host is told. The
//! first entry that fits a way counts; a way that none fits is not gone, for the vice is not one
//! there. After each vice the same host launches a good plugin and calls it, and nothing is left.

/// Entries of the table, a test each.
macro_rules! told {
    ($($vice:ident as $test:ident { $($ways:literal => [$($line:literal,)*])+ })+) => {
        /// Those that are told of here.
        pub(super) const VICES: &[pintle_testkit::Vice] = &[$(pintle_testkit::Vice::$vice),+];

        $(#[tokio::test]
        async fn $test() {
            let told: &[(&str, &[&str])] = &[$(($ways, &[$($line),*])),+];
            super::check(pintle_testkit::Vice::$vice, told).await;
        })+
    };
}

mod call;
mod close;
mod connect;
mod files;
mod output;
mod start;
mod wire;

use std::time::Duration;

use futures_util::future::join_all;
use pintle_testkit::{Vice, Way, World, eventually, meet, tasks};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::ROGUE;

#[test]
fn every_vice_is_in_the_table() {
    let told = [
        start::VICES,
        connect::VICES,
        wire::VICES,
        call::VICES,
        output::VICES,
        files::VICES,
        close::VICES,
    ];
    assert_eq!(told.concat(), Vice::ALL);
}

/// What is told of a vice on the ways that have all the words before it.
type Told<'a> = &'a [(&'a str, &'a [&'a str])];

async fn check(vice: Vice, told: Told<'_>) {
    let world = &World::new(ROGUE);
    let each = Way::ALL.iter().filter_map(|way| {
        let name = way.to_string();
        let has = |words: &str| {
            let mut words = words.split(' ').filter(|word| !word.is_empty());
            words.all(|word| name.split(' ').any(|one| one == word))
        };
        let expected = told.iter().find(|(words, _)| has(words))?.1;
        Some(async move {
            let _turn = TURNS.acquire().await;
            let host = way.host(world.host());
            let met = timeout(BOUND, meet(world, &host, vice, *way)).await;
            let met = met.unwrap_or_else(|_| panic!("over {way}: it hangs"));
            assert_eq!(met, expected, "over {way}");
        })
    });
    join_all(each).await;
    eventually("no task is left", || tasks() == 0).await;
    eventually("no process is left", || world.nobody_is_left()).await;
    eventually("no file is left", || world.is_clean()).await;
}

/// Far longer than any of them takes, and none may take for ever.
const BOUND: Duration = Duration::from_secs(40);

/// A machine with too much to do is slow to notice the end of a process, which the host then takes
/// for one that lives.
static TURNS: Semaphore = Semaphore::const_new(12);
