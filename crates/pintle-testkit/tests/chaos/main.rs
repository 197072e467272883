//! Sessions under load, ended by faults at random; nothing may be left of them.
//!
//! Alone in its process, and one test, because what it counts belongs to the process: children and
//! zombies, descriptors, threads, the tasks of the runtime.
//!
//! 40 rounds, or 500 with `PINTLE_LONG=1`. A failure tells its seed; `PINTLE_SEED` sets it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod counts;
mod dice;
mod fault;
mod full;
mod load;

use std::time::Duration;

use pintle_testkit::{Over, Way, World};
use tokio::runtime::Builder;
use tokio::time::{sleep, timeout};

use counts::Counts;
use dice::Dice;
use fault::Fault;

const ROGUE: &str = env!("CARGO_BIN_EXE_rogue");

#[test]
fn faults_at_random_leave_nothing_of_a_session_under_load() {
    let name = "faults_at_random_leave_nothing_of_a_session_under_load";
    if full::played_where_disks_can_be_mounted(name) {
        return;
    }
    let long = pintle_testkit::is_long();
    let rounds = if long { 500 } else { 40 };
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        // Threads that were needed for a moment are to be gone when they are counted.
        .thread_keep_alive(Duration::from_millis(50))
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let world = World::new(ROGUE);
        let mut dice = Dice::new();
        // What the first round of each leaves was needed once for the whole process.
        play(&world, &mut dice, Fault::ALL.len()).await;
        settle(&world, &dice, Counts::is_settled).await;
        let before = Counts::least(&world).await;

        play(&world, &mut dice, rounds).await;
        settle(&world, &dice, |now| now.is_within(&before)).await;
    });
}

/// Waits until nothing is left that ends by itself, but not for ever.
async fn settle(world: &World, dice: &Dice, is_settled: impl Fn(&Counts) -> bool) {
    let settling = async {
        while !is_settled(&Counts::now(world)) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    if timeout(BOUND, settling).await.is_err() {
        let (now, seed) = (Counts::now(world), dice.seed());
        panic!("PINTLE_SEED={seed}: something is left: {now:?}");
    }
}

/// How long a round may take: far longer than its longest wait, and none is endless.
const BOUND: Duration = Duration::from_secs(30);

async fn play(world: &World, dice: &mut Dice, rounds: usize) {
    let mut bag = Vec::new();
    for round in 0..rounds {
        if bag.is_empty() {
            bag = Fault::ALL.to_vec();
        }
        let fault = bag.swap_remove(dice.below(bag.len()));
        let over = [Over::Grpc, Over::Multiplexed, Over::Tarpc][round % 3];
        let way = Way::new(over, dice.below(2) == 0);
        let seed = dice.seed();
        let what = format!("round {round}, {fault:?} over {way}, PINTLE_SEED={seed}");
        println!("{what}");
        let played = fault.strike(world, way, dice);
        let in_time = timeout(BOUND, played).await;
        in_time.unwrap_or_else(|_| panic!("{what}: it hangs"));
    }
}
