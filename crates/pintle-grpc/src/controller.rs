//! The controller service: how a host asks a plugin to end.

use pintle_core::Shutdown;
use tonic::{Request, Response, Status};

use crate::pb::Empty;
use crate::pb::grpc_controller_server::{GrpcController, GrpcControllerServer};

pub(crate) fn service(shutdown: Shutdown) -> GrpcControllerServer<impl GrpcController> {
    GrpcControllerServer::new(Controller { shutdown })
}

struct Controller {
    shutdown: Shutdown,
}

#[tonic::async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.shutdown.trigger();
        Ok(Response::new(Empty {}))
    }
}
