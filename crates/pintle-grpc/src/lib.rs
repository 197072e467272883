//! The gRPC transport of pintle, wire-compatible with HashiCorp go-plugin.
//!
//! For authors of plugins and hosts whose contract is, or may become, a gRPC
//! service; most of them reach it through the `pintle` crate. Give the value
//! [`Grpc`](struct@Grpc) to `launch` and to `run`, and implement
//! [`PluginOver<Grpc>`](pintle_core::PluginOver) with generated tonic code:
//! [`GrpcServer`] takes the generated server, [`GrpcClient`] gives the channel
//! for the generated client, and [`GrpcBroker`] carries calls back.
//!
//! A Go host cannot tell a plugin served by this crate from a Go one, nor a Go
//! plugin a host: health, reflection, stdio, controller and broker services
//! are those of go-plugin.
//!
//! With [`Grpc::multiplexed`](struct@Grpc#method.multiplexed) a session is one connection, on which
//! brokered ids are streams; else each brokered id has a connection of its own.

mod broker;
mod byte_stream;
mod client;
mod connection;
mod controller;
mod endpoint;
#[cfg(any(test, pintle_fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod generated;
mod h2;
mod health;
mod limited;
mod reflection;
mod server;
mod stdio;
mod transport;
mod trunk;

pub use broker::{BrokerError, BrokerId, GrpcBroker, Served};
pub use client::GrpcClient;
pub use h2::{
    Channel, ConnectError, ConnectionLost, DuplicateService, KeepAlive, Limits, UnaryCall,
    UnaryMessage,
};
pub use server::GrpcServer;
pub use transport::{Grpc, GrpcError};

/// The messages and services of go-plugin's own wire contract, generated from `proto/`.
pub use generated::plugin as pb;
pub use tonic;
