//! The reflection services, in both their versions.

use tonic_reflection::server::{Builder, v1, v1alpha};

use crate::generated::DESCRIPTORS;
use crate::transport::GrpcError;

pub(crate) struct Services<A, B> {
    pub(crate) v1: A,
    pub(crate) v1alpha: B,
}

/// Reflection that lists exactly `names` and the reflection services
/// themselves, and describes what is in `descriptors`.
pub(crate) fn services(
    names: &[&str],
    descriptors: &[&'static [u8]],
) -> Result<
    Services<
        v1::ServerReflectionServer<impl v1::ServerReflection>,
        v1alpha::ServerReflectionServer<impl v1alpha::ServerReflection>,
    >,
    GrpcError,
> {
    let builder = || {
        let known = [DESCRIPTORS, tonic_health::pb::FILE_DESCRIPTOR_SET];
        let own = [
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
        ];
        let builder = known
            .iter()
            .chain(descriptors)
            .fold(Builder::configure(), |builder, set| {
                builder.register_encoded_file_descriptor_set(set)
            });
        names
            .iter()
            .copied()
            .chain(own)
            .fold(builder, Builder::with_service_name)
    };
    let unreadable = |error: tonic_reflection::server::Error| GrpcError::Descriptors(error.into());
    Ok(Services {
        v1: builder().build_v1().map_err(unreadable)?,
        v1alpha: builder().build_v1alpha().map_err(unreadable)?,
    })
}
