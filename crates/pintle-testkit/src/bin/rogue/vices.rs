//! The vices of the testkit's table, each done.

mod calls;
mod files;
mod foul;
mod grpc;
mod identity;
mod line;
mod output;
mod start;
mod tarpc;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use pintle::{BoxError, Bytes};
use pintle_testkit::conformance::Misdeed;
use pintle_testkit::{HANDSHAKE, Step, Vice};
use tokio::signal::unix::{SignalKind, signal};

use crate::raw;
use foul::{Foul, Rascal};

/// Is a plugin with this vice.
pub(crate) async fn main(vice: Vice) -> ExitCode {
    match vice.step() {
        Step::Start | Step::Connect => {
            start::begin(vice).await;
            ExitCode::SUCCESS
        }
        _ => serve(vice).await,
    }
}

/// Is a true plugin, up to the moment when the vice shows.
async fn serve(vice: Vice) -> ExitCode {
    match vice {
        Vice::LeavesAGrandchild => raw::begets_a_child(),
        Vice::LosesAChattyChild => raw::loses_a_chatty_child(),
        Vice::LeavesMany => (0..20).for_each(|_| raw::begets_a_child()),
        _ => {}
    }
    let mut terminate = signal(SignalKind::terminate()).expect("it can be followed");
    let serving = pintle::serve(HANDSHAKE)
        .shutdown_grace(Duration::ZERO)
        .plugin(Rascal::new(misdeed(vice)))
        .over(Foul::grpc(vice).or(Foul::tarpc(vice)))
        .run();
    let served = tokio::select! {
        served = serving => served,
        () = calls::PANIC.notified() => panic!("out of cheese"),
    };
    match (vice, served) {
        (Vice::FailsAtTheEnd, _) => ExitCode::from(4),
        (Vice::EndsAtSigterm, _) => {
            terminate.recv().await;
            ExitCode::from(5)
        }
        (Vice::IgnoresShutdown, _) => {
            println!("not yet");
            raw::waits();
            ExitCode::SUCCESS
        }
        (_, Ok(())) => ExitCode::SUCCESS,
        (_, Err(error)) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

fn misdeed(vice: Vice) -> Misdeed {
    Arc::new(move || {
        Box::pin(async move {
            match vice.step() {
                Step::Call => calls::misbehave(vice).await,
                Step::Output => {
                    tokio::task::spawn_blocking(move || output::misbehave(vice)).await?;
                }
                Step::Files => files::misbehave(vice)?,
                _ => {}
            }
            Ok::<_, BoxError>(Bytes::from_static(b"done"))
        })
    })
}
