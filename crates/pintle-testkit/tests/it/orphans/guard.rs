//! The process beside a host that ends what its plugins started, when it fails itself.

use pintle::Grpc;
use pintle_testkit::{Doomed, World, eventually, guard_of, has_ended};
use rustix::process::{Pid, Signal, kill_process};

use super::Said;
use crate::ROGUE;

/// The guard of this process.
fn own_guard() -> Option<Pid> {
    guard_of(std::process::id())
}

#[tokio::test]
async fn a_guard_that_was_killed_is_replaced_by_one_that_knows_all_that_live() {
    let test = "a_guard_that_was_killed_is_replaced_by_one_that_knows_all_that_live";
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host());
        let command = world.rogue(&host, "with-child well");
        let first = command.launch(Grpc).await.unwrap();
        let mut family = said.family().await;
        let guard = own_guard().unwrap();
        kill_process(guard, Signal::KILL).unwrap();
        eventually("the guard has ended", || has_ended(guard)).await;
        // At once, whether or not its end was noticed.
        let second = command.launch(Grpc).await.unwrap();
        family.extend(said.family().await);
        Doomed::await_death(family).await;
        return drop((first, second));
    }
    let mut host = Doomed::start(&format!("orphans::guard::{test}"));
    assert_eq!(host.family().len(), 4);
    host.kill();
    host.family_is_gone().await;
}

#[tokio::test]
async fn the_end_of_a_guard_is_noticed_though_nothing_is_launched() {
    let test = "the_end_of_a_guard_is_noticed_though_nothing_is_launched";
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host());
        let command = world.rogue(&host, "with-child well");
        let session = command.launch(Grpc).await.unwrap();
        let family = said.family().await;
        let guard = own_guard().unwrap();
        kill_process(guard, Signal::KILL).unwrap();
        let another = || own_guard().is_some_and(|now| now != guard);
        eventually("there is another", another).await;
        Doomed::await_death(family).await;
        return drop(session);
    }
    let mut host = Doomed::start(&format!("orphans::guard::{test}"));
    host.kill();
    host.family_is_gone().await;
}

/// What it has not heard is that a group has ended, and its number may be a stranger's by now.
#[tokio::test]
async fn a_guard_that_does_not_listen_is_replaced() {
    let test = "a_guard_that_does_not_listen_is_replaced";
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host());
        let command = world.rogue(&host, "with-child well");
        let session = command.launch(Grpc).await.unwrap();
        let family = said.family().await;
        let guard = own_guard().unwrap();
        kill_process(guard, Signal::STOP).unwrap();
        // Each tells it of a group, and that it has ended.
        let stranger = host.command("/no/such/program");
        for _ in 0..5000 {
            stranger.launch(Grpc).await.unwrap_err();
            if own_guard() != Some(guard) {
                break;
            }
        }
        assert!(has_ended(guard), "it holds back what it was told");
        Doomed::await_death(family).await;
        return drop(session);
    }
    let mut host = Doomed::start(&format!("orphans::guard::{test}"));
    host.kill();
    host.family_is_gone().await;
}
